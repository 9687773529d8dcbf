// A chart: options made by a pure function, drawn by ECharts when it has come.

import type { ECharts, EChartsCoreOption } from "echarts/core";
import { useEffect, useRef } from "react";

interface Props {
  option: EChartsCoreOption;
  height: number;
  /** What the chart shows, for those who do not see it. The numbers stand in a table beside it. */
  label: string;
  /** When a mark is clicked: the indices of its series and of its datum. */
  onSelect?: (series: number, datum: number) => void;
}

/** What holds of every chart. Tooltips are drawn as text on the canvas: no HTML is ever made of an event. */
const COMMON = {
  animationDuration: 200,
  animationDurationUpdate: 200,
  // A canvas inherits no font.
  textStyle: { fontFamily: "system-ui, sans-serif" },
};

export function Chart({ option, height, label, onSelect }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const latest = useRef({ option, onSelect });
  latest.current = { option, onSelect };

  useEffect(() => {
    const element = holder.current!;
    let gone = false;
    const resize = new ResizeObserver(() => chart.current?.resize());
    void import("./engine").then(({ init }) => {
      if (gone) {
        return;
      }
      const drawn = init(element);
      chart.current = drawn;
      drawn.setOption(whole(latest.current.option));
      drawn.on("click", ({ seriesIndex, dataIndex }) => {
        if (seriesIndex !== undefined) {
          latest.current.onSelect?.(seriesIndex, dataIndex);
        }
      });
      resize.observe(element);
    });
    return () => {
      gone = true;
      resize.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    chart.current?.setOption(whole(option), { notMerge: true });
  }, [option]);

  return <div ref={holder} role="img" aria-label={label} style={{ height, width: "100%" }} />;
}

function whole(option: EChartsCoreOption): EChartsCoreOption {
  const tooltip = option["tooltip"];
  return {
    ...COMMON,
    ...option,
    ...(typeof tooltip === "object" && { tooltip: { ...tooltip, renderMode: "richText", confine: true } }),
  };
}
