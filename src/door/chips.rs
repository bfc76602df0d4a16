//! Finds the GPIO chip of the 40-pin header, and checks the line of a pin. Pure, so that it can be tested
//! without a chip.
//!
//! The number of a chip means nothing: on a Raspberry Pi 5 `/dev/gpiochip0` is the header's chip with one
//! kernel, and drives power and Bluetooth with another. So a chip is identified by the label that its driver
//! gives, and a line by its name.

use std::path::PathBuf;

use limen_core::person::printable;

use super::error::DoorError;
use super::pin::Pin;

/// The labels of the header's chip: on a Raspberry Pi 5, on a Pi 4, on older ones.
pub const HEADER_LABELS: [&str; 3] = ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"];

/// Names in kernels for lines of the header, besides `GPIO17` and, by the header's position, `PIN11`: they
/// come from the schematic.
const OTHER_NAMES: [(u8, &[&str]); 12] = [
    (0, &["ID_SDA", "ID_SD", "SDA0"]),
    (1, &["ID_SCL", "ID_SC", "SCL0"]),
    (2, &["SDA1"]),
    (3, &["SCL1"]),
    (4, &["GPIO_GCLK"]),
    (7, &["SPI_CE1_N"]),
    (8, &["SPI_CE0_N"]),
    (9, &["SPI_MISO"]),
    (10, &["SPI_MOSI"]),
    (11, &["SPI_SCLK"]),
    (14, &["TXD0", "TXD1"]),
    (15, &["RXD0", "RXD1"]),
];

/// The chip that `[door]` names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChipChoice {
    /// The path of its device node; `None`: the label decides.
    pub path: Option<PathBuf>,
    /// The label that its driver gives; `None`: one of [`HEADER_LABELS`].
    pub label: Option<String>,
}

/// A GPIO chip of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipInfo {
    /// The path of its device node.
    pub path: PathBuf,
    /// The label that its driver gives.
    pub label: String,
    /// The number of its lines.
    pub lines: u32,
}

impl ChipChoice {
    /// The configured chip among those of this machine.
    pub fn among(&self, chips: &[ChipInfo]) -> Result<ChipInfo, DoorError> {
        let mut fitting = chips.iter().filter(|chip| self.fits(chip));
        match (fitting.next(), fitting.next()) {
            (Some(chip), None) => Ok(chip.clone()),
            (Some(one), Some(other)) => Err(DoorError::TwoChips {
                one: one.path.display().to_string(),
                other: other.path.display().to_string(),
                label: one.label.clone(),
            }),
            (None, _) => Err(DoorError::NoSuchLabel { wanted: self.wanted(), found: listed(chips) }),
        }
    }

    /// Checks that the chip at the configured path is the configured one; `chips` is all chips of this
    /// machine.
    pub fn check(&self, chip: &ChipInfo, chips: &[ChipInfo]) -> Result<(), DoorError> {
        if self.fits(chip) {
            return Ok(());
        }
        let remedy = match (chips.iter().find(|chip| self.fits(chip)), &self.label) {
            (Some(right), _) => format!("write chip = \"{}\", or leave chip out", right.path.display()),
            (None, Some(_)) => format!("correct chip-label, or leave it out (chips here: {})", listed(chips)),
            (None, None) => format!(
                "start a kernel that has the header's chip, as Raspberry Pi OS does; only if the relay hangs on this chip itself, write \
                 chip-label = \"{}\" too (chips here: {})",
                chip.label,
                listed(chips)
            ),
        };
        let path = chip.path.display().to_string();
        Err(DoorError::WrongChip { path, label: chip.label.clone(), wanted: self.wanted(), remedy })
    }

    /// Checks that the chip's line with this name is the pin. A line without a name is accepted if `[door]`
    /// names the chip's label.
    pub fn check_line(&self, chip: &ChipInfo, pin: Pin, name: &str) -> Result<(), DoorError> {
        if is_name_of(name, pin) || (name.is_empty() && self.label.is_some()) {
            return Ok(());
        }
        let what = if name.is_empty() {
            format!(
                "the kernel has no name for this line, so it may be any; if the chip is the right one, write \
                 chip-label = \"{}\"",
                chip.label
            )
        } else {
            let name = printable(name, 40);
            format!("the kernel calls this line {name}, which is not BCM {pin}; correct pin or chip")
        };
        Err(DoorError::WrongLine { chip: printable(&chip.path.display().to_string(), 200), pin, what })
    }

    fn fits(&self, chip: &ChipInfo) -> bool {
        match &self.label {
            Some(label) => chip.label == *label,
            None => HEADER_LABELS.contains(&chip.label.as_str()),
        }
    }

    fn wanted(&self) -> String {
        match &self.label {
            Some(label) => format!("called {label}, as chip-label says"),
            None => format!("that of the 40-pin header ({})", HEADER_LABELS.join(", ")),
        }
    }
}

fn is_name_of(name: &str, pin: Pin) -> bool {
    let other = OTHER_NAMES.iter().find(|(bcm, _)| *bcm == pin.bcm());
    name == format!("GPIO{pin}")
        || name == format!("PIN{}", pin.header())
        || other.is_some_and(|(_, names)| names.contains(&name))
}

fn listed(chips: &[ChipInfo]) -> String {
    let one = |chip: &ChipInfo| format!("{} {}", chip.path.display(), chip.label);
    if chips.is_empty() { "none".to_owned() } else { chips.iter().map(one).collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chip(number: u8, label: &str) -> ChipInfo {
        ChipInfo { path: format!("/dev/gpiochip{number}").into(), label: label.to_owned(), lines: 54 }
    }

    /// A Raspberry Pi 5 with a kernel before 6.6.45.
    fn pi5() -> [ChipInfo; 3] {
        [chip(0, "gpio-brcmstb@107d508500"), chip(1, "gpio-brcmstb@107d508520"), chip(4, "pinctrl-rp1")]
    }

    fn named(path: &str) -> ChipChoice {
        ChipChoice { path: Some(path.into()), label: None }
    }

    fn labelled(label: &str) -> ChipChoice {
        ChipChoice { path: None, label: Some(label.to_owned()) }
    }

    fn pin(bcm: u8) -> Pin {
        Pin::new(bcm).expect("a pin")
    }

    #[test]
    fn the_headers_chip_is_found_by_its_label_whatever_its_number() {
        for label in HEADER_LABELS {
            let chips = [chip(0, "raspberrypi-exp-gpio"), chip(3, label)];
            assert_eq!(ChipChoice::default().among(&chips).expect("found"), chips[1]);
        }
        assert_eq!(ChipChoice::default().among(&pi5()).expect("found").path, PathBuf::from("/dev/gpiochip4"));
    }

    #[test]
    fn a_machine_without_the_headers_chip_is_told_what_it_has() {
        let error = ChipChoice::default().among(&pi5()[..2]).expect_err("no header").to_string();
        for part in ["pinctrl-rp1", "/dev/gpiochip1 gpio-brcmstb@107d508520", "chip-label"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(ChipChoice::default().among(&[]).expect_err("no chip").to_string().contains("none"));
    }

    #[test]
    fn another_chip_needs_its_label_and_has_to_bear_it() {
        let (chips, wrong) = (pi5(), named("/dev/gpiochip0"));
        let error = wrong.check(&chips[0], &chips).expect_err("not the header's").to_string();
        assert!(
            error.starts_with("/dev/gpiochip0: is gpio-brcmstb@107d508500, not that of the 40-pin header")
        );
        assert!(error.contains("chip = \"/dev/gpiochip4\""), "{error}");
        let alone = wrong.check(&chips[0], &chips[..1]).expect_err("not the header's").to_string();
        assert!(alone.contains("chip-label = \"gpio-brcmstb@107d508500\""), "{alone}");
        let meant = ChipChoice { label: Some("gpio-brcmstb@107d508500".to_owned()), ..wrong };
        assert!(meant.check(&chips[0], &chips).is_ok());
        assert!(meant.check(&chips[2], &chips).is_err(), "the label decides, not the device node");
        assert_eq!(labelled("gpio-brcmstb@107d508520").among(&chips).expect("found"), chips[1]);
    }

    #[test]
    fn of_two_chips_with_one_label_none_is_taken() {
        let chips = [chip(0, "pinctrl-rp1"), chip(1, "pinctrl-rp1")];
        let error = ChipChoice::default().among(&chips).expect_err("which?").to_string();
        assert!(error.contains("/dev/gpiochip0") && error.contains("/dev/gpiochip1"), "{error}");
    }

    #[test]
    fn every_name_that_kernels_give_a_pin_is_its_name_and_no_other_pins() {
        let names =
            [(17, "GPIO17"), (17, "PIN11"), (0, "ID_SD"), (2, "SDA1"), (4, "GPIO_GCLK"), (15, "RXD1")];
        for (bcm, name) in names {
            for other in 0..=super::super::pin::HIGHEST_PIN {
                let checked = ChipChoice::default().check_line(&chip(0, "pinctrl-rp1"), pin(other), name);
                assert_eq!(checked.is_ok(), other == bcm, "{name} for BCM {other}");
            }
        }
    }

    #[test]
    fn a_line_of_another_name_is_refused_and_one_without_a_name_unless_the_chip_is_named_by_its_label() {
        let header = chip(0, "pinctrl-bcm2835");
        for name in ["PWR_GPIO", "BT_RTS", "-", "GPIO18", "SD_CMD_R"] {
            for choice in [ChipChoice::default(), labelled("pinctrl-bcm2835")] {
                let error = choice.check_line(&header, pin(20), name).expect_err(name).to_string();
                assert!(error.starts_with("/dev/gpiochip0 line 20: the kernel calls this line "), "{error}");
            }
        }
        let error = ChipChoice::default().check_line(&header, pin(20), "").expect_err("no name").to_string();
        assert!(error.contains("chip-label = \"pinctrl-bcm2835\""), "{error}");
        assert!(labelled("pinctrl-bcm2835").check_line(&header, pin(20), "").is_ok());
    }
}
