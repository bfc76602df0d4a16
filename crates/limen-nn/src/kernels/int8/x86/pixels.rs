//! A function compiled for each number of pixels that a kernel takes at a time.

/// Runs `$function::<N>` for the number of pixels at hand, which is one of those listed.
macro_rules! for_pixels {
    ($pixels:expr, $function:ident, $tile:expr, $sums:expr, [$($count:literal)+]) => {
        match $pixels {
            $($count => $function::<$count>($tile, $sums),)+
            _ => unreachable!("a tile has as many pixels as its kernel takes"),
        }
    };
}
pub(super) use for_pixels;
