// Calendar days as texts, `YYYY-MM-DD`, in UTC as the server counts them.

export type Day = string;

export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && dayOf(new Date(text)) === text;
}

export function dayAfter(day: Day): Day {
  return daysLater(day, 1);
}

export function daysLater(day: Day, count: number): Day {
  const date = new Date(day);
  date.setUTCDate(date.getUTCDate() + count);
  return dayOf(date);
}

export function today(): Day {
  return dayOf(new Date());
}

function dayOf(date: Date): Day {
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 10);
}
