/** Colours and sizes. The contrast of each pair is at least 4.5 in light and dark (WCAG AA). */

import { createTheme, type CSSVariablesResolver } from "@mantine/core";

/** A menu scrolls by itself, which the arrow keys of its input reach. */
const menu = {
  defaultProps: { withScrollArea: false },
  styles: { options: { maxHeight: "16rem", overflowY: "auto" as const } },
};

export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 7, dark: 8 },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  defaultRadius: "sm",
  headings: { fontWeight: "650", sizes: { h1: { fontSize: "1.25rem" }, h2: { fontSize: "1rem" } } },
  components: {
    Button: { defaultProps: { size: "xs" } },
    // The outline's red alone is too light to read.
    Alert: { styles: { title: { color: "var(--mantine-color-text)" } } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    Autocomplete: menu,
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.4 },
        closeButtonProps: { "aria-label": "Close" },
      },
    },
    MultiSelect: menu,
    Select: menu,
    TagsInput: menu,
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
  },
});

export const cssVariables: CSSVariablesResolver = (mantine) => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": mantine.colors.gray[7],
    "--mantine-color-placeholder": mantine.colors.gray[7],
    "--mantine-color-error": mantine.colors.red[9],
    "--mantine-color-anchor": mantine.colors.indigo[8],
    "--casting-surface": "#ffffff",
    "--casting-ground": "#f6f7f9",
    "--casting-line": mantine.colors.gray[3],
    "--casting-selected": mantine.colors.indigo[0],
  },
  dark: {
    "--mantine-color-dimmed": mantine.colors.dark[1],
    "--mantine-color-placeholder": mantine.colors.dark[1],
    "--mantine-color-error": mantine.colors.red[4],
    "--mantine-color-anchor": mantine.colors.indigo[2],
    "--casting-surface": mantine.colors.dark[6],
    "--casting-ground": mantine.colors.dark[8],
    "--casting-line": mantine.colors.dark[4],
    "--casting-selected": "rgba(76, 110, 245, 0.22)",
  },
});
