/**
 * Lengths and areas on the CGCS2000 ellipsoid, for what is measured while drawing.
 * The server's figures are the authoritative ones; these agree with them to about 1 part in 10⁶
 * for shapes up to a few tens of kilometres.
 */
import type { LonLat } from '../api';

const A = 6378137;
const F = 1 / 298.257222101;
const B = A * (1 - F);
const N = F / (2 - F);
const DEGREE = Math.PI / 180;

// Krüger's series to the fourth order in n: better than 0.1 mm within 3° of the central meridian.
const RADIUS = (A / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);
const ALPHA = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4,
  (49561 / 161280) * N ** 4,
];
const E2 = F * (2 - F);
const E1 = Math.sqrt(E2);

/** Gauss–Krüger coordinates in metres: easting from the central meridian (no false easting) and northing. */
export function gaussKrueger([lon, lat]: LonLat, meridian: number): { east: number; north: number } {
  const phi = lat * DEGREE;
  const lambda = (lon - meridian) * DEGREE;
  const sin = Math.sin(phi);
  const t = Math.sinh(Math.atanh(sin) - E1 * Math.atanh(E1 * sin));
  const xi = Math.atan2(t, Math.cos(lambda));
  const eta = Math.asinh(Math.sin(lambda) / Math.hypot(t, Math.cos(lambda)));
  let north = xi;
  let east = eta;
  ALPHA.forEach((alpha, index) => {
    const k = 2 * (index + 1);
    north += alpha * Math.sin(k * xi) * Math.cosh(k * eta);
    east += alpha * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  return { east: RADIUS * east, north: RADIUS * north };
}

/** The central meridian of a CGCS2000 3° zone without zone prefix (EPSG:4534 to 4554), or null. */
export function meridianOf(crs: string | undefined): number | null {
  const code = Number(/^EPSG:(\d+)$/i.exec(crs ?? '')?.[1]);
  return code >= 4534 && code <= 4554 ? 75 + 3 * (code - 4534) : null;
}

/** Plane coordinates as surveyors write them: X north, Y east with 500 000 m false easting. */
export function planeCoordinates(point: LonLat, meridian: number): { x: number; y: number } {
  const { east, north } = gaussKrueger(point, meridian);
  return { x: north, y: east + 500_000 };
}

/** Length in metres of the geodesic between two points (Vincenty's inverse formula). */
export function distance(from: LonLat, to: LonLat): number {
  const l = (to[0] - from[0]) * DEGREE;
  const u1 = Math.atan((1 - F) * Math.tan(from[1] * DEGREE));
  const u2 = Math.atan((1 - F) * Math.tan(to[1] * DEGREE));
  const [su1, cu1, su2, cu2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  let lambda = l;
  for (let round = 0; round < 100; round++) {
    const [sl, cl] = [Math.sin(lambda), Math.cos(lambda)];
    const sinSigma = Math.hypot(cu2 * sl, cu1 * su2 - su1 * cu2 * cl);
    if (sinSigma === 0) return 0;
    const cosSigma = su1 * su2 + cu1 * cu2 * cl;
    const sigma = Math.atan2(sinSigma, cosSigma);
    const sinAlpha = (cu1 * cu2 * sl) / sinSigma;
    const cos2Alpha = 1 - sinAlpha ** 2;
    const cos2m = cos2Alpha === 0 ? 0 : cosSigma - (2 * su1 * su2) / cos2Alpha;
    const c = (F / 16) * cos2Alpha * (4 + F * (4 - 3 * cos2Alpha));
    const next =
      l + (1 - c) * F * sinAlpha * (sigma + c * sinSigma * (cos2m + c * cosSigma * (2 * cos2m ** 2 - 1)));
    if (Math.abs(next - lambda) > 1e-12) {
      lambda = next;
      continue;
    }
    const u = (cos2Alpha * (A ** 2 - B ** 2)) / B ** 2;
    const big = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)));
    const small = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)));
    const correction =
      small *
      sinSigma *
      (cos2m +
        (small / 4) *
          (cosSigma * (2 * cos2m ** 2 - 1) -
            (small / 6) * cos2m * (4 * sinSigma ** 2 - 3) * (4 * cos2m ** 2 - 3)));
    return B * big * (sigma - correction);
  }
  return Number.NaN; // nearly antipodal points, which no village has
}

/**
 * Metres that a degree of longitude and one of latitude take at a latitude: the ellipsoid's radii of curvature.
 * A plane by them keeps distances of tens of metres to a millimetre.
 */
export function degreeAt(lat: number): { east: number; north: number } {
  const w = 1 - E2 * Math.sin(lat * DEGREE) ** 2;
  return {
    east: (A / Math.sqrt(w)) * Math.cos(lat * DEGREE) * DEGREE,
    north: ((A * (1 - E2)) / w ** 1.5) * DEGREE,
  };
}

/** Length in metres of a line through points. */
export function length(points: LonLat[]): number {
  let sum = 0;
  for (let index = 1; index < points.length; index++) {
    sum += distance(points[index - 1] as LonLat, points[index] as LonLat);
  }
  return sum;
}

/** Area in m² of a ring, closed or not. */
export function area(ring: LonLat[]): number {
  if (ring.length < 3) return 0;
  // In the Gauss–Krüger plane on the ring's own meridian the scale error is (east/R)²/2.
  const meridian = ring.reduce((sum, point) => sum + point[0], 0) / ring.length;
  const plane = ring.map((point) => gaussKrueger(point, meridian));
  const first = plane[0] as { east: number; north: number };
  let twice = 0;
  for (let index = 0; index < plane.length; index++) {
    const p = plane[index] as typeof first;
    const q = plane[(index + 1) % plane.length] as typeof first;
    twice +=
      (p.east - first.east) * (q.north - first.north) - (q.east - first.east) * (p.north - first.north);
  }
  return Math.abs(twice) / 2;
}

/** Perimeter in metres of a ring, closed or not. */
export function perimeter(ring: LonLat[]): number {
  if (ring.length < 2) return 0;
  const [first, last] = [ring[0] as LonLat, ring[ring.length - 1] as LonLat];
  const closed = first[0] === last[0] && first[1] === last[1];
  return length(closed ? ring : [...ring, first]);
}
