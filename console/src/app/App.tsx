/** The console: its providers, and which address shows which screen. */

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Route, Router, Switch } from "wouter";

import { queryClient } from "~/api/queries";
import { useSessionState } from "~/session/session";
import { Empty, Lines } from "~/ui/states";

import { SignIn } from "../screens/sign-in/SignIn";
import { Boundary } from "./Boundary";
import { LinkTo } from "../ui/LinkTo";
import { useHashPath } from "./location";
import { Shell } from "./Shell";
import { cssVariables, theme } from "./theme";

const Desk = lazy(() => import("../screens/desk/Desk"));
const Movies = lazy(() => import("../screens/movies/Movies"));
const Movie = lazy(() => import("../screens/movie/Movie"));
const CastList = lazy(() => import("../screens/cast-list/CastList"));
const Actors = lazy(() => import("../screens/actors/Actors"));
const Actor = lazy(() => import("../screens/actor/Actor"));
const Board = lazy(() => import("../screens/board/Board"));
const Triage = lazy(() => import("../screens/triage/Triage"));
const ContactSheet = lazy(() => import("../screens/contact-sheet/ContactSheet"));
const Avail = lazy(() => import("../screens/avail/Avail"));
const Compare = lazy(() => import("../screens/compare/Compare"));

function Screens() {
  const { status } = useSessionState();
  if (status === "starting") return <Lines />;
  if (status === "signed-out") return <SignIn />;
  return (
    <Shell>
      <Boundary>
        <Suspense fallback={<Lines />}>
          <Switch>
            <Route path="/" component={Desk} />
            <Route path="/movies" component={Movies} />
            <Route path="/movies/:id/cast-list">{({ id }) => <CastList key={id} id={id} />}</Route>
            <Route path="/movies/:id/:tab?">
              {({ id, tab }) => <Movie key={id} id={id} tab={tab ?? "breakdown"} />}
            </Route>
            <Route path="/actors" component={Actors} />
            <Route path="/actors/:id/:tab?">
              {({ id, tab }) => <Actor key={id} id={id} tab={tab ?? "profile"} />}
            </Route>
            <Route path="/parts/:id">{({ id }) => <Board key={id} id={id} />}</Route>
            <Route path="/parts/:id/triage">{({ id }) => <Triage key={id} id={id} />}</Route>
            <Route path="/parts/:id/contact-sheet">
              {({ id }) => <ContactSheet key={id} id={id} />}
            </Route>
            <Route path="/parts/:id/avail">{({ id }) => <Avail key={id} id={id} />}</Route>
            <Route path="/compare" component={Compare} />
            <Route>
              <Empty title="There is no such screen" isScreen>
                <LinkTo to="/">Go to the desk</LinkTo>
              </Empty>
            </Route>
          </Switch>
        </Suspense>
      </Boundary>
    </Shell>
  );
}

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Router hook={useHashPath}>
          <Notifications position="bottom-left" limit={4} />
          <Screens />
        </Router>
      </QueryClientProvider>
    </MantineProvider>
  );
}
