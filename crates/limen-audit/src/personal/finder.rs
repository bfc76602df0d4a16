//! Finds what names somebody in a fact: what lies in a [`Personal`], whatever its key is called.
//!
//! A fact is walked as serde writes it. Of each find the key of the fact's own field is kept, however deep in it
//! the find lies: this field is what leaves the record.

use limen_core::event::Personal;
use serde::{Serialize, Serializer, ser};
use serde_json::{Error, Value};

/// The personal values in a fact, each with the key of its field, in the order in which they are written.
pub fn find(fact: &impl Serialize) -> Result<Vec<(String, String)>, Error> {
    let mut found = Vec::new();
    fact.serialize(Finder { key: "", found: &mut found })?;
    Ok(found)
}

/// Walks a value under this key; without one, the fact itself.
struct Finder<'a> {
    key: &'a str,
    found: &'a mut Vec<(String, String)>,
}

impl<'a> Finder<'a> {
    /// Under this key, unless there is one already: the outermost counts.
    fn under(self, key: &'a str) -> Self {
        if self.key.is_empty() { Self { key, ..self } } else { self }
    }

    /// Walks the value of a field.
    fn field(&mut self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        value.serialize(Finder { key: self.key, found: self.found }.under(key))
    }

    /// Walks one of several values under the same key.
    fn element(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        value.serialize(Finder { key: self.key, found: self.found })
    }

    fn keep(self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let value = text(value)?;
        self.found.push((self.key.to_owned(), value));
        Ok(())
    }
}

/// A text as it is; of anything else its JSON.
fn text(value: &(impl Serialize + ?Sized)) -> Result<String, Error> {
    Ok(match serde_json::to_value(value)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

/// Values that name nobody.
macro_rules! nobody {
    ($($method:ident($type:ty)),* $(,)?) => {
        $(fn $method(self, _: $type) -> Result<(), Error> {
            Ok(())
        })*
    };
}

impl<'a> Serializer for Finder<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    nobody! {
        serialize_bool(bool), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_u128(u128),
        serialize_f32(f32), serialize_f64(f64), serialize_unit_struct(&'static str),
    }

    fn serialize_none(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        if name == Personal::NAME { self.keep(value) } else { value.serialize(self) }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self.under(variant))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Error> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Error> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        Ok(self.under(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'a>, Error> {
        Ok(Entries { finder: self, key: String::new() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        Ok(self.under(variant))
    }
}

/// A list or a tuple, by the trait that serde has for each.
macro_rules! elements {
    ($($list:ident::$method:ident),* $(,)?) => {
        $(impl ser::$list for Finder<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                Ok(())
            }
        })*
    };
}

elements! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

/// A struct or a variant with named fields.
macro_rules! fields {
    ($($with_fields:ident),* $(,)?) => {
        $(impl ser::$with_fields for Finder<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.field(key, value)
            }

            fn end(self) -> Result<(), Error> {
                Ok(())
            }
        })*
    };
}

fields! { SerializeStruct, SerializeStructVariant }

/// A map, whose keys may name somebody as well.
struct Entries<'a> {
    finder: Finder<'a>,
    key: String,
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = text(key)?;
        self.finder.field(&self.key, key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.finder.field(&self.key, value)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    struct Visit {
        host: Option<Personal<String>>,
        door: &'static str,
        badge: Badge,
        met: Vec<(u32, Personal<String>)>,
        notes: BTreeMap<&'static str, Personal<String>>,
        #[serde(flatten)]
        more: More,
    }

    #[derive(Serialize)]
    enum Badge {
        Of { holder: Personal<String> },
    }

    #[derive(Serialize)]
    struct More {
        guest: Personal<String>,
    }

    fn someone(text: &str) -> Personal<String> {
        Personal(text.to_owned())
    }

    #[test]
    fn whoever_is_named_is_found_however_deep_and_by_the_outermost_key() {
        let visit = Visit {
            host: Some(someone("ada")),
            door: "north",
            badge: Badge::Of { holder: someone("bob") },
            met: vec![(1, someone("cleo")), (2, someone("dan"))],
            notes: BTreeMap::from([("first", someone("eve"))]),
            more: More { guest: someone("fay") },
        };
        let found = find(&visit).expect("walked");
        let found: Vec<_> = found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let met = [("met", "cleo"), ("met", "dan")];
        let before = [("host", "ada"), ("badge", "bob")];
        assert_eq!(found, [&before[..], &met, &[("notes", "eve"), ("guest", "fay")]].concat());
    }

    #[test]
    fn a_fact_that_names_nobody_has_nothing_personal() {
        assert_eq!(find(&("ada", 1, None::<Personal<String>>)).expect("walked"), []);
    }
}
