// A link to another place of the dashboard, followed without loading the page again.

import type { AnchorHTMLAttributes, MouseEvent } from "react";

import { go } from "../state/location";

interface Props extends AnchorHTMLAttributes<HTMLAnchorElement> {
  /** As `hrefOf` makes it. */
  href: string;
}

export function Link({ href, onClick, ...rest }: Props) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    // Another tab or window is the browser's business.
    const elsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (!elsewhere && !event.defaultPrevented) {
      event.preventDefault();
      go(href);
    }
  };
  return <a href={href} onClick={follow} {...rest} />;
}
