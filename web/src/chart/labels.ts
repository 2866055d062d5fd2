// Places for the names of points, without overlaps: the first of a few places that is free.
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Place extends Box {
  anchor: "start" | "middle" | "end";
}

const overlap = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)) *
  Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));

const kHeight = 16;

/// `taken`: the marks themselves. Each point's label goes where it covers the least.
export function placeLabels(
  points: { x: number; y: number; width: number; reach: number }[],
  taken: Box[],
  within: Box,
): Place[] {
  const used = [...taken];
  return points.map(({ x, y, width, reach }) => {
    const up = Math.max(reach, 6) + kHeight + 2;
    const places: Place[] = [
      { anchor: "start", x: x + 10, y: y - kHeight / 2, width, height: kHeight },
      { anchor: "end", x: x - 10 - width, y: y - kHeight / 2, width, height: kHeight },
      { anchor: "middle", x: x - width / 2, y: y - up, width, height: kHeight },
      { anchor: "middle", x: x - width / 2, y: y + up - kHeight, width, height: kHeight },
      { anchor: "start", x: x + 8, y: y - up, width, height: kHeight },
      { anchor: "end", x: x - 8 - width, y: y - up, width, height: kHeight },
      { anchor: "start", x: x + 8, y: y + up - kHeight, width, height: kHeight },
    ];
    const cost = (place: Place): number =>
      Math.round(
        used.reduce((sum, box) => sum + overlap(box, place), 0) +
          4 * (place.width * place.height - overlap(place, within)),
      );
    const best = places.reduce((a, b) => (cost(b) < cost(a) ? b : a));
    used.push(best);
    return best;
  });
}
