import { describe, expect, it } from "vitest";
import { bytes, figureText, readMetrics, readVarz, versionOf } from "./metrics";

const VARZ = "EventHub 0.1.0\nevents: 31106\nuptime_seconds: 1\ntime_zone: Europe/Paris\n";
const METRICS = `# HELP eventhub_events Events stored.
# TYPE eventhub_events gauge
eventhub_events 31106
# HELP eventhub_disk_used_bytes What is on disk.
# TYPE eventhub_disk_used_bytes gauge
eventhub_disk_used_bytes 5283840
other{label="x"} 1
broken NaN
`;

describe("what the server says of itself", () => {
  it("is read from /varz", () => {
    expect(versionOf(VARZ)).toBe("0.1.0");
    expect([...readVarz(VARZ)]).toEqual([
      ["events", "31106"],
      ["uptime_seconds", "1"],
      ["time_zone", "Europe/Paris"],
    ]);
    expect(readVarz("").size).toBe(0);
  });

  it("is read from /metrics with what it means", () => {
    expect(readMetrics(METRICS)).toEqual([
      { name: "eventhub_events", help: "Events stored.", value: 31106 },
      { name: "eventhub_disk_used_bytes", help: "What is on disk.", value: 5283840 },
    ]);
  });

  it("is shown with its unit", () => {
    expect(readMetrics(METRICS).map(figureText)).toEqual(["31,106", "5.3 MB"]);
    expect(bytes(0, "en-US")).toBe("0 byte");
    expect(bytes(999, "en-US")).toBe("999 byte");
    expect(bytes(274_877_906_944, "en-US")).toBe("274.9 GB");
    expect(figureText({ name: "eventhub_uptime_seconds", help: "", value: 90_061 })).toBe("1 day 1 hr");
  });
});
