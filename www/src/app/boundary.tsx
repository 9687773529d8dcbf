// A fault of one screen leaves the others usable.

import { Component, type ReactNode } from "react";

import { Failure } from "./notices";

export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    return error === null ? this.props.children : <Failure error={error} onRetry={() => window.location.reload()} />;
  }
}
