//! Values that a statement can be given, each with its PostgreSQL type: unnamed statements have to send it.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use tokio_postgres::types::{Json, ToSql, Type};

/// A parameter of a statement.
pub trait Value: ToSql + Sync + Send {
    /// The type it is sent as.
    fn sql_type(&self) -> Type;
}

/// Types that PostgreSQL has a fixed name for.
trait Typed: ToSql + Sync + Send {
    const TYPE: Type;
    const ARRAY: Type;
}

macro_rules! typed {
    ($($rust:ty => $one:ident, $many:ident;)*) => {$(
        impl Typed for $rust {
            const TYPE: Type = Type::$one;
            const ARRAY: Type = Type::$many;
        }
        impl Value for $rust {
            fn sql_type(&self) -> Type {
                Type::$one
            }
        }
    )*};
}

typed! {
    &str => TEXT, TEXT_ARRAY;
    String => TEXT, TEXT_ARRAY;
    i32 => INT4, INT4_ARRAY;
    i64 => INT8, INT8_ARRAY;
    f64 => FLOAT8, FLOAT8_ARRAY;
    bool => BOOL, BOOL_ARRAY;
    DateTime<Utc> => TIMESTAMPTZ, TIMESTAMPTZ_ARRAY;
    Vec<u8> => BYTEA, BYTEA_ARRAY;
    &[u8] => BYTEA, BYTEA_ARRAY;
    Json<&RawValue> => JSON, JSON_ARRAY;
}

impl<T: Typed> Typed for Option<T> {
    const TYPE: Type = T::TYPE;
    const ARRAY: Type = T::ARRAY;
}

impl<T: Typed> Value for Option<T> {
    fn sql_type(&self) -> Type {
        T::TYPE
    }
}

impl<T: Typed> Value for Vec<T>
where
    Vec<T>: ToSql,
{
    fn sql_type(&self) -> Type {
        T::ARRAY
    }
}

impl<T: Typed> Value for Option<Vec<T>>
where
    Option<Vec<T>>: ToSql,
{
    fn sql_type(&self) -> Type {
        T::ARRAY
    }
}
