// The grades of a KLD (docs/statistics.md).
export const kGrades: { name: string; from: number; to: number }[] = [
  { name: "lossless", from: 0, to: 0.003 },
  { name: "very small", from: 0.003, to: 0.02 },
  { name: "small", from: 0.02, to: 0.06 },
  { name: "noticeable", from: 0.06, to: 0.2 },
  { name: "large", from: 0.2, to: 0.6 },
  { name: "broken", from: 0.6, to: Number.POSITIVE_INFINITY },
];
