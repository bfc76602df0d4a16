//! What is painted on: a picture whose channels are not rounded yet.

use limen_vision::geometry::Point;

/// Red, green and blue, 0 to 255.
pub type Colour = [f32; 3];

/// Pixels by rows.
#[derive(Debug, Clone)]
pub struct Canvas {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<Colour>,
    /// The box around what was painted.
    pub painted: Option<Pixels>,
}

/// Columns and rows of a canvas, the ends not counted.
#[derive(Debug, Clone, Copy)]
pub struct Pixels {
    pub columns: (u32, u32),
    pub rows: (u32, u32),
}

impl Canvas {
    pub fn from_fn(width: u32, height: u32, mut colour: impl FnMut(u32, u32) -> Colour) -> Self {
        let mut pixels = Vec::with_capacity(width as usize * height as usize);
        for y in 0..height {
            for x in 0..width {
                pixels.push(colour(x, y));
            }
        }
        Self { width, height, pixels, painted: None }
    }

    pub fn index(&self, x: u32, y: u32) -> usize {
        y as usize * self.width as usize + x as usize
    }

    /// Paints over a pixel; `share` is 1 where nothing shines through.
    pub fn paint(&mut self, x: u32, y: u32, colour: Colour, share: f32) {
        let at = self.index(x, y);
        let under = &mut self.pixels[at];
        for channel in 0..3 {
            under[channel] += (colour[channel] - under[channel]) * share;
        }
    }

    /// The pixels of the box around these points, which may lie outside, with a margin; they count as painted.
    pub fn around(&mut self, points: &[Point], margin: f32) -> Pixels {
        let within = |value: f32, most: u32| value.clamp(0.0, most as f32) as u32;
        let span = |of: fn(&Point) -> f32, most: u32| {
            let least = points.iter().map(of).fold(f32::INFINITY, f32::min);
            let largest = points.iter().map(of).fold(f32::NEG_INFINITY, f32::max);
            (within((least - margin).floor(), most), within((largest + margin).ceil() + 1.0, most))
        };
        let pixels = Pixels { columns: span(|p| p.x, self.width), rows: span(|p| p.y, self.height) };
        self.painted = Some(self.painted.map_or(pixels, |before| before.with(pixels)));
        pixels
    }

    /// The box around what was painted, larger by a margin.
    pub fn painted(&self, margin: u32) -> Option<Pixels> {
        let wider =
            |(from, to): (u32, u32), most: u32| (from.saturating_sub(margin), (to + margin).min(most));
        self.painted.map(|Pixels { columns, rows }| Pixels {
            columns: wider(columns, self.width),
            rows: wider(rows, self.height),
        })
    }
}

impl Pixels {
    fn with(self, other: Self) -> Self {
        let both = |a: (u32, u32), b: (u32, u32)| (a.0.min(b.0), a.1.max(b.1));
        Self { columns: both(self.columns, other.columns), rows: both(self.rows, other.rows) }
    }
}
