import { createRoot } from "react-dom/client";

import "@mantine/core/styles.css";
import "./app/base.css";

import { App } from "./app/app";
import { followOldLink } from "./state/old-links";

followOldLink();
createRoot(document.getElementById("app")!).render(<App />);
