//! Reads what `rpicam-vid --list-cameras` prints. Pure.
//!
//! ```text
//! Available cameras
//! -----------------
//! 0 : imx708 [4608x2592 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx708@1a)
//!     Modes: 'SRGGB10_CSI2P' : 1536x864 [120.13 fps - (768, 432)/3072x1728 crop]
//! ```

use limen_core::person::printable;

use super::message::CameraModule;
use super::settings::MAX_CAMERA;

/// The modules, each with its number.
pub(super) fn modules_of(text: &str) -> Vec<(u32, CameraModule)> {
    text.lines().filter_map(module_of).collect()
}

fn module_of(line: &str) -> Option<(u32, CameraModule)> {
    let (number, rest) = line.split_once(" : ")?;
    let number = number.parse().ok().filter(|number| *number <= MAX_CAMERA)?;
    let (sensor, rest) = rest.split_once(" [")?;
    let (_, path) = rest.split_once("] (")?;
    let path = path.trim_end().strip_suffix(')')?;
    Some((number, CameraModule { sensor: printable(sensor, 60), path: printable(path, 120) }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TWO: &str = "Available cameras
-----------------
0 : imx708 [4608x2592 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx708@1a)
    Modes: 'SRGGB10_CSI2P' : 1536x864 [120.13 fps - (768, 432)/3072x1728 crop]
                             2304x1296 [56.03 fps - (0, 0)/4608x2592 crop]

1 : ov5647 [2592x1944 10-bit GBRG] (/base/axi/pcie@120000/rp1/i2c@80000/ov5647@36)
    Modes: 'SGBRG10_CSI2P' : 640x480 [58.92 fps - (16, 0)/2560x1920 crop]
";

    #[test]
    fn modules_are_found_with_number_sensor_and_path() {
        let found = modules_of(TWO);
        assert_eq!(found.len(), 2);
        let (number, module) = &found[1];
        assert_eq!((*number, module.sensor.as_str()), (1, "ov5647"));
        assert_eq!(module.path, "/base/axi/pcie@120000/rp1/i2c@80000/ov5647@36");
        assert_eq!(found[0].1.sensor, "imx708");
    }

    #[test]
    fn no_camera_is_an_empty_list() {
        assert_eq!(modules_of("No cameras available!\n"), []);
        assert_eq!(modules_of(""), []);
    }

    proptest! {
        #[test]
        fn whatever_is_printed_a_name_stays_on_its_line(text in "\\PC*|[0-9] : [^\n]{0,40} \\[x\\] \\([^\n]{0,40}\\)") {
            for (_, module) in modules_of(&text) {
                prop_assert!(!module.sensor.chars().any(char::is_control));
                prop_assert!(!module.path.chars().any(char::is_control));
            }
        }
    }
}
