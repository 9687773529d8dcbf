import { Shop } from "./shop.jsx";

// Rendered for each request by the running server, too, not by the build alone.
export const dynamic = "force-dynamic";

export default function Page() {
  return <Shop />;
}
