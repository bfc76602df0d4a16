//! A picture that is painted onto something, in halved sizes for when it is far away.

use limen_vision::frame::Picture;
use limen_vision::geometry::Point;

use super::canvas::Colour;

/// The smallest side that is halved once more.
const SMALLEST: u32 = 32;

/// A picture and its halves.
#[derive(Debug)]
pub struct Texture(Vec<Picture>);

/// One of its sizes.
#[derive(Debug, Clone, Copy)]
pub struct Level<'a> {
    picture: &'a Picture,
    /// Of this size to the full one.
    scale: f32,
}

impl Texture {
    pub fn of(picture: Picture) -> Self {
        let mut levels = vec![picture];
        while let Some(last) = levels.last()
            && last.width().min(last.height()) >= 2 * SMALLEST
        {
            levels.push(halved(last));
        }
        Self(levels)
    }

    /// The full size.
    pub fn picture(&self) -> &Picture {
        &self.0[0]
    }

    /// The size for so many pixels of the full one to a pixel of the camera.
    pub fn level(&self, density: f32) -> Level<'_> {
        let halvings = (density.max(1.0).log2().round() as usize).min(self.0.len() - 1);
        Level { picture: &self.0[halvings], scale: 0.5_f32.powi(halvings as i32) }
    }
}

impl Level<'_> {
    /// The colour at a place of the full picture, between its pixels; `None` outside.
    pub fn at(&self, place: Point) -> Option<Colour> {
        let (x, y) = ((place.x + 0.5) * self.scale - 0.5, (place.y + 0.5) * self.scale - 0.5);
        let (width, height) = (self.picture.width() as usize, self.picture.height() as usize);
        let inside = x >= -0.5 && y >= -0.5 && x < width as f32 - 0.5 && y < height as f32 - 0.5;
        inside.then(|| self.between(x, y))
    }

    /// The colour at a place of the full picture, or of its edge.
    pub fn nearest(&self, place: Point) -> Colour {
        self.between((place.x + 0.5) * self.scale - 0.5, (place.y + 0.5) * self.scale - 0.5)
    }

    fn between(&self, x: f32, y: f32) -> Colour {
        let (width, height) = (self.picture.width() as usize, self.picture.height() as usize);
        let (x, y) = (x.clamp(0.0, width as f32 - 1.0), y.clamp(0.0, height as f32 - 1.0));
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
        let (across, down) = (x - left as f32, y - top as f32);
        let rgb = self.picture.rgb();
        let (upper, lower) = (top * width, bottom * width);
        let pixel = |at: usize| &rgb[at * 3..at * 3 + 3];
        let (a, b, c, d) =
            (pixel(upper + left), pixel(upper + right), pixel(lower + left), pixel(lower + right));
        let weights =
            [(1.0 - across) * (1.0 - down), across * (1.0 - down), (1.0 - across) * down, across * down];
        let mut colour = [0.0; 3];
        for channel in 0..3 {
            colour[channel] = f32::from(a[channel]) * weights[0]
                + f32::from(b[channel]) * weights[1]
                + f32::from(c[channel]) * weights[2]
                + f32::from(d[channel]) * weights[3];
        }
        colour
    }
}

fn halved(picture: &Picture) -> Picture {
    Picture::from_fn(picture.width() / 2, picture.height() / 2, |x, y| {
        let (x, y) = (i64::from(x) * 2, i64::from(y) * 2);
        let four = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| picture.pixel(x + dx, y + dy));
        [0, 1, 2].map(|channel| (four.iter().map(|p| u16::from(p[channel])).sum::<u16>() / 4) as u8)
    })
}
