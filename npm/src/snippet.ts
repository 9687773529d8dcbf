// The snippet for the head of a page. Beside it, `<script async src=".../eventhub.js">` brings the tag.

import { make } from "./define.js";

window.newEventHub ??= make;
