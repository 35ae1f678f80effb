import "@mantine/core/styles.layer.css";
import "@mantine/notifications/styles.layer.css";
import "./app/styles.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app/App";
import { finishPopup, session } from "./session/session";

const root = document.getElementById("root");
if (root && (await finishPopup())) {
  root.textContent = "You can close this window.";
} else if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
  void session.start();
}
