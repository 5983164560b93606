//! From the ground to the paper: a projection, a scale, and where the map stands on the page.

use geo::{BoundingRect, Geometry};
use yizhangtu_data::{
    crs::{Crs, CrsError, STORED, Transform},
    geometry::visit_mut,
};
use yizhangtu_index::{Point, Rect};

/// Denominators that a map may have: those of GB/T topographic series and the halves between.
const SCALES: [u32; 17] = [
    200, 250, 500, 750, 1000, 1250, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10_000, 20_000,
    50_000, 100_000,
];

/// The map's part of a page that a sheet may fill; the rest shows what is around it.
const FILL: f64 = 0.96;

/// A map to scale in a frame.
pub(super) struct Ground {
    there: Transform,
    back: Transform,
    /// The middle of the sheet in metres east and north.
    middle: [f64; 2],
    /// Denominator of the scale.
    pub(super) scale: u32,
    /// Left, top, width and height in millimetres.
    pub(super) frame: [f64; 4],
    /// What the map is drawn in.
    pub(super) system: String,
}

impl Ground {
    /// Puts an outline into the middle of a frame at the wanted scale, or where that has no
    /// room or none is wanted at the largest usual one that has.
    pub(super) fn fit(
        outline: &Geometry<f64>,
        frame: [f64; 4],
        wanted: Option<u32>,
    ) -> Result<Self, CrsError> {
        Self::new(outline, frame, |fits, _| {
            wanted
                .filter(fits)
                .or_else(|| SCALES.into_iter().find(fits))
        })
    }

    /// Puts an outline into a frame as large as it can be: for maps that nobody measures on.
    pub(super) fn fill(outline: &Geometry<f64>, frame: [f64; 4]) -> Result<Self, CrsError> {
        Self::new(outline, frame, |_, needed| Some(needed))
    }

    /// `choose` is given which scales fit, and the largest that does.
    fn new(
        outline: &Geometry<f64>,
        frame: [f64; 4],
        choose: impl FnOnce(&dyn Fn(&u32) -> bool, u32) -> Option<u32>,
    ) -> Result<Self, CrsError> {
        let mut drawn = outline.clone();
        let longitude = outline
            .bounding_rect()
            .map_or(114.0, |rect| rect.center().x);
        let (crs, system) = zone(longitude);
        let there = Transform::new(&STORED, &crs)?;
        there.geometry(&mut drawn)?;
        let (middle, width, height) = drawn.bounding_rect().map_or(([0.0; 2], 1.0, 1.0), |rect| {
            (rect.center().into(), rect.width(), rect.height())
        });
        let fits = |scale: &u32| {
            let denominator = f64::from(*scale) / 1000.0;
            width / denominator <= frame[2] * FILL && height / denominator <= frame[3] * FILL
        };
        let needed = (width / frame[2]).max(height / frame[3]) * 1000.0 / FILL;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "less than the globe"
        )]
        let needed = (needed.ceil() as u32).max(1);
        // Larger than any village: in round tens of thousands.
        let scale = choose(&fits, needed).unwrap_or(needed.div_ceil(10_000) * 10_000);
        Ok(Self {
            back: Transform::new(&crs, &STORED)?,
            there,
            middle,
            scale,
            frame,
            system,
        })
    }

    /// Where a place is on the page; none for a place that the projection cannot express.
    pub(super) fn place(&self, longitude: f64, latitude: f64) -> Option<[f64; 2]> {
        let (x, y) = self.there.point(longitude, latitude).ok()?;
        let [left, top, width, height] = self.frame;
        Some([
            left + width / 2.0 + self.millimetres(x - self.middle[0]),
            top + height / 2.0 - self.millimetres(y - self.middle[1]),
        ])
    }

    /// A geometry with its coordinates on the page.
    pub(super) fn drawn(&self, geometry: &Geometry<f64>) -> Option<Geometry<f64>> {
        let mut drawn = geometry.clone();
        visit_mut::<()>(&mut drawn, &mut |coord| {
            *coord = self.place(coord.x, coord.y).ok_or(())?.into();
            Ok(())
        })
        .ok()?;
        Some(drawn)
    }

    /// Metres on the ground as millimetres on paper.
    pub(super) fn millimetres(&self, metres: f64) -> f64 {
        metres * 1000.0 / f64::from(self.scale)
    }

    /// The ground that the frame shows.
    pub(super) fn window(&self) -> Option<Rect> {
        let [_, _, width, height] = self.frame;
        let half = [width, height].map(|side| side / 2000.0 * f64::from(self.scale));
        let corner = |x: f64, y: f64| {
            let place =
                (self.back).point(self.middle[0] + x * half[0], self.middle[1] + y * half[1]);
            place.ok().and_then(|(lon, lat)| Point::snap(lon, lat))
        };
        let corners = [(-1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (1.0, -1.0)];
        let corners: Option<Vec<Point>> = corners.into_iter().map(|(x, y)| corner(x, y)).collect();
        let corners = corners?;
        Some(Rect::of(corners[0], corners[1]).join(&Rect::of(corners[2], corners[3])))
    }
}

/// The 3° zone of CGCS2000 that a longitude lies in (EPSG:4534 to 4554 without zone number in
/// the easting), or outside of China a like zone of its own; with its name.
fn zone(longitude: f64) -> (Crs, String) {
    #[expect(clippy::cast_possible_truncation, reason = "at most 60 zones")]
    let middle = (longitude / 3.0).round() as i32 * 3;
    match u32::try_from(middle) {
        Ok(degrees @ 75..=135) => {
            let code = 4534 + (degrees - 75) / 3;
            let name = format!("CGCS2000 三度带高斯-克吕格 {degrees}°E（EPSG:{code}）");
            (Crs::Epsg(code), name)
        }
        _ => {
            let definition = format!(
                "+proj=tmerc +lat_0=0 +lon_0={middle} +k=1 +x_0=500000 +ellps=GRS80 +units=m +type=crs"
            );
            let name = format!("高斯-克吕格 {middle}°");
            (Crs::Definition(definition.into()), name)
        }
    }
}

#[cfg(test)]
mod tests {
    use geo::polygon;
    use yizhangtu_data::measure::distance_m;

    use super::*;

    #[test]
    fn a_map_is_to_scale_and_upright() {
        let outline: Geometry<f64> = polygon![
            (x: 113.640, y: 23.130), (x: 113.642, y: 23.130), (x: 113.642, y: 23.1315), (x: 113.640, y: 23.1315)
        ].into();
        let frame = [10.0, 30.0, 300.0, 200.0];
        let ground = Ground::fit(&outline, frame, Some(1000)).unwrap();
        assert_eq!(
            (ground.scale, ground.system.contains("EPSG:4547")),
            (1000, true)
        );
        let (west, east) = (
            ground.place(113.640, 23.131).unwrap(),
            ground.place(113.642, 23.131).unwrap(),
        );
        let north = ground.place(113.641, 23.1315).unwrap();
        let metres = distance_m((113.640, 23.131).into(), (113.642, 23.131).into());
        let drawn = (east[0] - west[0]).hypot(east[1] - west[1]);
        // The projection stretches by 2.5 in 10,000 this far from its meridian.
        assert!((drawn / metres - 1.0).abs() < 4e-4, "{drawn} {metres}");
        assert!(west[0] < east[0] && north[1] < west[1]);
        let middle = ground.place(113.641, 23.13075).unwrap();
        assert!(
            (middle[0] - 160.0).abs() < 0.2 && (middle[1] - 130.0).abs() < 0.2,
            "{middle:?}"
        );
        let window = ground.window().unwrap();
        assert!(window.holds(Point::snap(113.641, 23.13075).unwrap()));
        assert!(
            (distance_m(
                (window.min.lon(), 23.13).into(),
                (window.max.lon(), 23.13).into()
            ) - 300.0)
                .abs()
                < 5.0
        );
    }

    #[test]
    fn what_has_no_room_is_drawn_smaller() {
        let outline: Geometry<f64> = polygon![
            (x: 113.60, y: 23.10), (x: 113.65, y: 23.10), (x: 113.65, y: 23.15), (x: 113.60, y: 23.15)
        ].into();
        assert_eq!(
            Ground::fit(&outline, [0.0, 0.0, 280.0, 200.0], Some(1000))
                .unwrap()
                .scale,
            50_000
        );
        let world: Geometry<f64> =
            polygon![(x: 90.0, y: 20.0), (x: 130.0, y: 20.0), (x: 130.0, y: 50.0)].into();
        let ground = Ground::fit(&world, [0.0, 0.0, 280.0, 200.0], None).unwrap();
        assert!(ground.scale > 1_000_000 && ground.scale.is_multiple_of(10_000));
    }
}
