//! What a page loads: a resource whose machinery is compiled once for all types, and not for each of them. A type of its
//! own in each resource would be an eighth of the list's wasm.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use leptos::prelude::*;
use leptos::server::codee::{Decoder, Encoder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::codec::{Unreadable, read};

type Value = Arc<dyn Any + Send + Sync>;
type Fetch = Box<dyn Fn(Key) -> Pin<Box<dyn Future<Output = Slot> + Send>> + Send + Sync>;

/// A value that is loaded by a key, again whenever the key changes. The server's page carries it to the browser.
#[derive(Debug)]
pub struct Load<T> {
    slot: Resource<Slot, Text>,
    /// Reads a value: known to who makes the resource only, as the code that reads a type is to be where it is made.
    decode: fn(&str) -> Option<Value>,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Load<T> {}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Load<T> {
    /// Loads by what `key` returns.
    pub fn new<K, F>(
        key: impl Fn() -> K + Send + Sync + 'static,
        fetch: impl Fn(K) -> F + Send + Sync + 'static,
    ) -> Self
    where
        K: Clone + PartialEq + Send + Sync + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let fetch = Box::new(move |key: Key| {
            let load = key.value.downcast::<K>().ok().map(|key| fetch(K::clone(&key)));
            let slot = async move {
                match load {
                    Some(load) => Slot::new(load.await),
                    // Keys are of one type.
                    None => std::future::pending().await,
                }
            };
            Box::pin(slot) as Pin<Box<dyn Future<Output = Slot> + Send>>
        });
        let decode = |text: &str| Some(Arc::new(read::<T>(text).ok()?) as Value);
        Self { slot: resource(Box::new(move || Key::new(key())), fetch), decode, value: PhantomData }
    }
}

impl<T: Send + Sync + 'static> Load<T> {
    /// The value; none until it is there for the first time. Tracked.
    pub fn read(self) -> Option<Arc<T>> {
        self.slot.read().as_ref().and_then(|slot| slot.value(self.decode)?.downcast().ok())
    }

    /// The value, without following it.
    pub fn read_untracked(self) -> Option<Arc<T>> {
        self.slot.try_read_untracked()?.as_ref().and_then(|slot| slot.value(self.decode)?.downcast().ok())
    }
}

impl<T: Clone + Send + Sync + 'static> Load<T> {
    /// A copy of the value. Tracked.
    pub fn get(self) -> Option<T> {
        self.read().as_deref().cloned()
    }
}

impl<T> Load<T> {
    /// Follows the value.
    pub fn track(self) {
        self.slot.track();
    }

    /// Loads it again by the same key; until then the old value stays.
    pub fn refetch(self) {
        self.slot.refetch();
    }
}

/// Compiled once.
fn resource(key: Box<dyn Fn() -> Key + Send + Sync>, fetch: Fetch) -> Resource<Slot, Text> {
    Resource::new_with_options(key, fetch, false)
}

/// By what a value is loaded, of any type.
#[derive(Clone)]
struct Key {
    value: Value,
    is_same: fn(&Value, &Value) -> bool,
}

impl Key {
    fn new<K: PartialEq + Send + Sync + 'static>(key: K) -> Self {
        let is_same = |one: &Value, other: &Value| {
            let one = one.downcast_ref::<K>();
            one.is_some() && one == other.downcast_ref()
        };
        Self { value: Arc::new(key), is_same }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        (self.is_same)(&self.value, &other.value)
    }
}

/// A value of any type, or the text of one that is read when it is asked for.
#[derive(Debug)]
struct Slot {
    text: String,
    value: OnceLock<Value>,
    #[cfg(feature = "ssr")]
    write: fn(&Value) -> serde_json::Result<String>,
}

impl Slot {
    fn new<T: Serialize + Send + Sync + 'static>(value: T) -> Self {
        Self {
            text: String::new(),
            value: OnceLock::from(Arc::new(value) as Value),
            #[cfg(feature = "ssr")]
            write: |value| serde_json::to_string(&value.downcast_ref::<T>()),
        }
    }

    fn value(&self, decode: fn(&str) -> Option<Value>) -> Option<Value> {
        if self.value.get().is_none() {
            // Of two at once, either is right.
            drop(self.value.set(decode(&self.text)?));
        }
        self.value.get().cloned()
    }
}

/// How it travels within the page.
#[derive(Debug)]
struct Text;

impl Encoder<Slot> for Text {
    type Error = serde_json::Error;
    type Encoded = String;

    #[cfg(feature = "ssr")]
    fn encode(slot: &Slot) -> Result<String, Self::Error> {
        slot.value.get().map_or_else(|| Ok(slot.text.clone()), slot.write)
    }

    /// The browser writes no page.
    #[cfg(not(feature = "ssr"))]
    fn encode(slot: &Slot) -> Result<String, Self::Error> {
        Ok(slot.text.clone())
    }
}

impl Decoder<Slot> for Text {
    type Error = Unreadable;
    type Encoded = str;

    fn decode(text: &str) -> Result<Slot, Unreadable> {
        Ok(Slot {
            text: text.to_owned(),
            value: OnceLock::new(),
            #[cfg(feature = "ssr")]
            write: |_| Ok(String::new()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_same_by_type_and_value() {
        assert!(Key::new(1_u8) == Key::new(1_u8));
        assert!(Key::new(1_u8) != Key::new(2_u8));
        assert!(Key::new(1_u8) != Key::new(1_u16));
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn a_value_is_read_from_what_was_written_of_it() {
        let decode = |text: &str| Some(Arc::new(read::<Vec<Option<i32>>>(text).ok()?) as Value);
        let numbers = |slot: &Slot| slot.value(decode)?.downcast_ref::<Vec<Option<i32>>>().cloned();
        let slot = Slot::new(vec![Some(1), None]);
        assert_eq!(numbers(&slot), Some(vec![Some(1), None]));
        let text = Text::encode(&slot).unwrap();
        assert_eq!(text, "[1,null]");
        assert_eq!(numbers(&Text::decode(&text).unwrap()), numbers(&slot));
        assert_eq!(numbers(&Text::decode("{").unwrap()), None);
    }
}
