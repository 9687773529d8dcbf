// Users: found by their properties, and each with what they did.

import { useParameter } from "../../state/question";
import { PersonPage } from "./person-page";
import { SearchPage } from "./search-page";

export default function UsersScreen() {
  const id = useParameter("id");
  return id === null ? <SearchPage /> : <PersonPage id={id} />;
}
