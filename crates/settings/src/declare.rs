//! The macro that declares settings.

/// Makes a struct of settings, its `Default`, and `settings()`, which lists their declarations.
///
/// Each row is a field: its documentation, name, type and [`Kind`](crate::Kind). `as "name"` gives the setting a name other than
/// the field's. Rows stand under their [`Section`](crate::Section). Fields behind `fields` are no settings and have a plain default.
///
/// ```
/// use henge_settings::kind::{duration, text};
/// use std::time::Duration;
///
/// henge_settings::settings! {
///     /// The options of a node.
///     pub struct Options {
///         Cluster {
///             /// The rack of this node.
///             rack: String = text("rack1");
///         }
///         Timeouts {
///             /// The longest time of a write.
///             write_timeout as "write_request_timeout": Duration = duration("2s", "10ms"..="365d");
///         }
///     }
///     fields {
///         /// Its number.
///         number: u32 = 7;
///     }
/// }
///
/// let mut options = Options::default();
/// assert_eq!((options.write_timeout, options.number), (Duration::from_secs(2), 7));
/// let settings = Options::settings();
/// assert_eq!(settings[1].name, "write_request_timeout");
/// settings[1].set(&mut options, "3s").unwrap();
/// assert_eq!(options.write_timeout, Duration::from_secs(3));
/// assert!(settings[1].set(&mut options, "3").is_err());
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$about:meta])*
        $visibility:vis struct $struct:ident {
            $($section:ident {
                $($(#[doc = $help:literal])+ $field:ident $(as $name:literal)? : $type:ty = $kind:expr;)*
            })*
        }
        fields {
            $($(#[$other_about:meta])+ $other:ident : $other_type:ty = $other_default:expr;)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        $visibility struct $struct {
            $($($(#[doc = $help])+ $visibility $field: $type,)*)*
            $($(#[$other_about])+ $visibility $other: $other_type,)*
        }

        impl ::std::default::Default for $struct {
            fn default() -> Self {
                $struct {
                    $($($field: $kind.default_value(),)*)*
                    $($other: $other_default,)*
                }
            }
        }

        impl $struct {
            /// The declarations of its settings, in their order.
            $visibility fn settings() -> ::std::vec::Vec<$crate::Setting<$struct>> {
                ::std::vec![$($($crate::Setting::new(
                    $crate::settings!(@name $field $($name)?),
                    $crate::Section::$section,
                    concat!($($help),+),
                    $kind,
                    |target: &mut $struct, value: $type| target.$field = value,
                ),)*)*]
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
}
