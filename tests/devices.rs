//! `limen run` on a real V4L2 device and a real GPIO chip, in a guest. See `devices/README.md`.

/// Tests that run in the guest only, and elsewhere say that they are skipped.
macro_rules! guest_tests {
    ($(fn $name:ident() $body:block)*) => {
        $(
            #[test]
            fn $name() {
                if crate::devices::harness::guest(stringify!($name)) $body
            }
        )*
    };
}

mod actor;
mod camera;
mod camera_faults;
mod clips;
mod disk;
mod factor;
mod faults;
mod harness;
mod lines;
mod liveness;
mod opening;
mod power;
mod rpicam;
mod soak;
mod threads;
