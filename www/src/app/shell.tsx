// What surrounds every screen: the way to the others, and what holds for all of them.

import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { Suspense, useEffect } from "react";

import { hrefOf, usePlace } from "../state/location";
import { Boundary } from "./boundary";
import { Link } from "./link";
import { NamedView } from "./named-view";
import { Empty, Loading } from "./notices";
import { SCREENS, screenNamed } from "./screens";
import classes from "./shell.module.css";
import { ViewsMenu } from "./views-menu";

export function Shell() {
  const { screen: name, search } = usePlace();
  const view = name === "" ? new URLSearchParams(search).get("view") : null;
  const screen = screenNamed(name);
  useEffect(() => {
    document.title = screen === undefined ? "EventHub" : `${screen.title} - EventHub`;
  }, [screen]);
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        Skip to the content
      </a>
      <header className={classes.header}>
        <Link className={classes.brand} href={hrefOf("")}>
          EventHub
        </Link>
        <nav className={classes.nav} aria-label="Screens">
          {SCREENS.map(({ name, title }) => (
            <Link key={name} href={hrefOf(name)} aria-current={name === screen?.name ? "page" : undefined}>
              {title}
            </Link>
          ))}
        </nav>
        <ViewsMenu />
        <ColorSchemeSwitch />
      </header>
      <main id="content" className={classes.content} tabIndex={-1}>
        <Boundary key={name}>
          <Suspense fallback={<Loading />}>
            {view !== null ? (
              <NamedView name={view} />
            ) : screen === undefined ? (
              <Empty title="There is no such page">
                <Link href={hrefOf("")}>To the funnel</Link>
              </Empty>
            ) : (
              <screen.component />
            )}
          </Suspense>
        </Boundary>
      </main>
    </div>
  );
}

function ColorSchemeSwitch() {
  // To hold transitions back, a style element would be made by script.
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const dark = useComputedColorScheme("light") === "dark";
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={dark ? "Light colours" : "Dark colours"}
      onClick={() => setColorScheme(dark ? "light" : "dark")}
    >
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
        <path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor" />
      </svg>
    </ActionIcon>
  );
}
