/** What surrounds each screen: navigation, search, banners and the dialogs of the session. */

import {
  ActionIcon,
  Button,
  Group,
  Menu,
  Text,
  Tooltip,
  useMantineColorScheme,
} from "@mantine/core";
import { useState, type ReactNode } from "react";
import { useLocation } from "wouter";

import { SearchBox } from "~/screens/search/SearchBox";
import { session, usePerson } from "~/session/session";
import { SessionEnded } from "~/session/SessionEnded";

import { Banners } from "./Banners";
import { goTo } from "./location";
import classes from "./Shell.module.css";
import { useShortcuts } from "./shortcuts";
import { ShortcutSheet } from "./ShortcutSheet";

const SECTIONS = [
  { label: "Desk", to: "/", keys: "g d" },
  { label: "Movies", to: "/movies", keys: "g m" },
  { label: "Actors", to: "/actors", keys: "g a" },
];

const isCurrent = (to: string, path: string) =>
  to === "/" ? path === "/" || path.startsWith("/parts") : path.startsWith(to);

export function Shell({ children }: { children: ReactNode }) {
  const person = usePerson();
  const [path] = useLocation();
  const [searching, setSearching] = useState(false);
  const [help, setHelp] = useState(false);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  useShortcuts("Everywhere", [
    { keys: "/", label: "Search movies and actors", run: () => setSearching(true) },
    { keys: "?", label: "Show all shortcuts", run: () => setHelp(true) },
    ...SECTIONS.map(({ label, to, keys }) => ({
      keys,
      label: `Go to ${label}`,
      run: () => goTo(to),
    })),
  ]);
  return (
    <>
      <a className="skip-link" href="#main" onClick={focusMain}>
        Skip to the content
      </a>
      <header className={`${classes.header} no-print`}>
        <nav className={classes.nav} aria-label="Main">
          <span className={classes.brand} aria-hidden="true">
            Casting
          </span>
          {SECTIONS.map(({ label, to }) => (
            <a
              key={to}
              href={`#${to}`}
              className={classes.section}
              aria-current={isCurrent(to, path) ? "page" : undefined}
            >
              {label}
            </a>
          ))}
        </nav>
        <Group gap={6} wrap="nowrap">
          <Button
            variant="default"
            onClick={() => setSearching(true)}
            aria-label="Search"
            rightSection={<kbd>/</kbd>}
          >
            Search
          </Button>
          <Tooltip label="Shortcuts (?)">
            <ActionIcon aria-label="Shortcuts" onClick={() => setHelp(true)} visibleFrom="sm">
              ?
            </ActionIcon>
          </Tooltip>
          <Menu position="bottom-end" width={220}>
            <Menu.Target>
              <Button variant="subtle" color="gray" className={classes.person}>
                {person.name}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>{person.role}</Menu.Label>
              {(["auto", "light", "dark"] as const).map((scheme) => (
                <Menu.Item
                  key={scheme}
                  onClick={() => setColorScheme(scheme)}
                  aria-current={colorScheme === scheme || undefined}
                  fw={colorScheme === scheme ? 700 : 400}
                >
                  {{ auto: "Colours of this device", light: "Light", dark: "Dark" }[scheme]}
                </Menu.Item>
              ))}
              <Menu.Divider />
              <Menu.Item onClick={() => void session.signOut()}>Sign out</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      </header>
      <Banners />
      <main id="main" tabIndex={-1} className="page">
        {children}
      </main>
      {searching && <SearchBox onClose={() => setSearching(false)} />}
      {help && <ShortcutSheet onClose={() => setHelp(false)} />}
      <SessionEnded />
      <Text className="visually-hidden" role="status" id="announcements" />
    </>
  );
}

function focusMain(event: React.MouseEvent): void {
  event.preventDefault(); // the hash is the screen's address
  document.getElementById("main")?.focus();
}
