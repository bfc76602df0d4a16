//! Triangles between points, so that none has another point in its circle: Delaunay's, by Bowyer and Watson.

use limen_vision::geometry::Point;

/// The triangles of these points, as three of their numbers each. Of points at one place, the first is taken.
pub fn triangles(points: &[Point]) -> Vec<[usize; 3]> {
    let outer = points.len();
    let mut all = points.to_vec();
    // A triangle around all others, for the beginning.
    all.extend([(-1e5, -1e5), (1e5, -1e5), (0.0, 2e5)].map(|(x, y)| Point::new(x, y)));
    let mut found = vec![Circled::of(&all, [outer, outer + 1, outer + 2])];
    for (number, point) in points.iter().enumerate() {
        if !points[..number].iter().any(|other| other.distance(*point) < 1e-2) {
            insert(&mut found, &all, number);
        }
    }
    found.into_iter().map(|one| one.corners).filter(|corners| corners.iter().all(|c| *c < outer)).collect()
}

/// A triangle and the circle through its corners.
struct Circled {
    corners: [usize; 3],
    centre: (f64, f64),
    /// Its radius, squared.
    reach: f64,
}

impl Circled {
    fn of(points: &[Point], corners: [usize; 3]) -> Self {
        let [(ax, ay), (bx, by), (cx, cy)] =
            corners.map(|corner| (f64::from(points[corner].x), f64::from(points[corner].y)));
        let (bx, by, cx, cy) = (bx - ax, by - ay, cx - ax, cy - ay);
        let twice = 2.0 * (bx * cy - by * cx);
        let (b, c) = (bx * bx + by * by, cx * cx + cy * cy);
        let (x, y) = ((cy * b - by * c) / twice, (bx * c - cx * b) / twice);
        // Three points on a line have a circle without an end.
        let reach = if twice.abs() < 1e-9 { f64::INFINITY } else { x * x + y * y };
        Self { corners, centre: (ax + x, ay + y), reach }
    }

    fn has(&self, point: Point) -> bool {
        let (x, y) = (f64::from(point.x) - self.centre.0, f64::from(point.y) - self.centre.1);
        self.reach.is_infinite() || x * x + y * y < self.reach
    }
}

/// Takes out the triangles in whose circle the point is, and joins it to the edges of the gap.
fn insert(found: &mut Vec<Circled>, all: &[Point], number: usize) {
    let mut edges: Vec<[usize; 2]> = Vec::new();
    found.retain(|one| {
        let gone = one.has(all[number]);
        if gone {
            let [a, b, c] = one.corners;
            edges.extend([[a, b], [b, c], [c, a]]);
        }
        !gone
    });
    let is_inner = |edge: &[usize; 2]| edges.contains(&[edge[1], edge[0]]);
    found.extend(
        edges.iter().filter(|edge| !is_inner(edge)).map(|[from, to]| Circled::of(all, [*from, *to, number])),
    );
}
