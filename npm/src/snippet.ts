// The snippet for the head of a page. Beside it, `<script async src=".../eventhub.js">` brings the tag.

import { define } from "./define.js";

define();
