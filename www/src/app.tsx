import icon from "./icon.svg";
import { FunnelScreen } from "./screens/funnel";

/** The frame around the screens. */
export function App() {
  return (
    <>
      <header class="bar">
        <a class="brand" href="./">
          <img src={icon} alt="" width="24" height="24" />
          EventHub
        </a>
      </header>
      <main>
        <FunnelScreen />
      </main>
    </>
  );
}
