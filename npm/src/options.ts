// What callers see: the options with their defaults, and the hub.

/** Values are kept as text; of anything else (objects, lists, NaN) the property is left out and counted. */
export type Properties = Record<string, string | number | boolean | null | undefined>;

export interface Options {
  /** Where the server is, such as `https://events.example.com`. Default: where the script tag came from; for the
   *  package, the page's own origin. */
  url?: string;
  /** The server's path for what is sent. Default: `/api/v1/events`. */
  ingestPath?: string;
  /** The server's `--write-key`, if it has one. */
  key?: string;
  /** Seconds from the first event that waits to the batch that takes it. Default: 1. */
  flushInterval?: number;
  /** Events of one batch; as many do not wait for the interval. Default: 100, at most 2,000. */
  batchSize?: number;
  /** Events kept while they cannot be sent; of more, the oldest are dropped and counted. Default: 10,000. */
  maxQueueEvents?: number;
  /** Bytes kept, likewise. Default: 3,000,000, of the 5 million characters
   *  that browsers give a site. */
  maxQueueBytes?: number;
  /** `"session"`: a tab is a visitor. `"device"`: the visitor is recognised in later sessions, and stays identified until
   *  `reset()`. Default: `"session"`. */
  persistence?: "session" | "device";
  /** Tracks nothing where the browser sends Do Not Track or Global Privacy Control, unless the visitor called for
   *  it by `optIn()`. Default: true. */
  respectDoNotTrack?: boolean;
  /** Tracks `page()` at the start and at each navigation within the page. Default: false. */
  autoPageViews?: boolean;
  /** Says on the console what is left out, refused or sent again. Default: false. */
  debug?: boolean;
}

export interface Stats {
  /** Commands that wait. */
  queued: number;
  /** Acknowledged by the server. */
  sent: number;
  /** Dropped because the queue was full, or the visitor opted out. */
  dropped: number;
  /** Refused by the server, or not within its limits to begin with. */
  rejected: number;
  /** Properties left out of what was sent. */
  omitted: number;
}

/** Nothing of it throws. */
export interface EventHub {
  /** An event of the user as they are now. */
  track(type: string, properties?: Properties): void;
  /** The event `page_view`, with `host`, `path`, `title` and `referrer`. */
  page(properties?: Properties): void;
  /** `id` becomes another name of the visitor so far: to be called when somebody signs up. */
  alias(id: string): void;
  /** From now on events are this user's, and have these properties, which are set on the user, too. */
  identify(id: string, properties?: Properties): void;
  /** From now on these properties go with the events of the visitor as long as they are not identified. */
  register(properties: Properties): void;
  /** Sends what waits; tells, when that is over, whether nothing is left. */
  flush(): Promise<boolean>;
  /** Forgets who is there: to be called when somebody signs out. */
  reset(): void;
  /** The visitor wants not to be tracked: nothing is any more, and what waits is dropped. */
  optOut(): void;
  /** The visitor wants to be tracked. */
  optIn(): void;
  /** The half of `reset` that makes a new visitor. */
  invalidateGeneratedUser(): void;
  /** The half of `reset` that forgets the identified user. */
  invalidateIdentifiedUser(): void;
  /** What became of everything so far. */
  stats(): Stats;
}
