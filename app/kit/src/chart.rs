//! Numbers over time: for each kind a row of bars with its own label, drawn by the server, and the same
//! as a table.
//!
//! Only bars and axes are in the pictures, which stretch with the page; words stand beside them and keep their size.

use std::fmt::Write;

use leptos::prelude::*;

use domain::core::text::format_count;

/// Units of the drawing: the width of a day, the height of the tallest bar.
const STEP: usize = 10;
const HEIGHT: u64 = 40;

/// A row of bars.
pub struct Series {
    /// Its name.
    pub name: &'static str,
    /// The class that gives its colour.
    pub class: &'static str,
    /// A number a day.
    pub numbers: Vec<u64>,
}

/// A chart, and the same numbers as a table.
#[component]
pub fn Chart(
    /// The caption of its table.
    caption: &'static str,
    /// The dates, oldest first.
    days: Vec<String>,
    /// The rows, from top to bottom.
    series: Vec<Series>,
) -> impl IntoView {
    let rows = series.iter().map(row).collect_view();
    let (first, last) = (days.first().cloned(), days.last().cloned());
    view! {
        <div class="chart">
            {rows}
            <p class="chart-days" aria-hidden="true">
                <span>{first}</span>
                <span>{last}</span>
            </p>
        </div>
        <details class="chart-table">
            <summary>"Show as a table"</summary>
            {table(caption, &days, &series)}
        </details>
    }
}

fn row(series: &Series) -> AnyView {
    let numbers = &series.numbers;
    let most = numbers.iter().copied().max().unwrap_or_default();
    let total: u64 = numbers.iter().sum();
    let view_box = format!("0 0 {} {HEIGHT}", numbers.len() * STEP);
    let scale = if most == 0 { "none".to_owned() } else { format!("at most {} a day", format_count(most)) };
    view! {
        <div class=series.class>
            <p class="chart-label">
                <strong>{series.name}</strong>
                " "
                <span class="chart-total">{format_count(total)}</span>
            </p>
            <svg class="chart-bars" viewBox=view_box preserveAspectRatio="none" aria-hidden="true">
                <path d=bars(numbers, most)></path>
            </svg>
            <p class="chart-scale">{scale}</p>
        </div>
    }
    .into_any()
}

/// A bar a day; what is more than nothing can be seen.
fn bars(numbers: &[u64], most: u64) -> String {
    let mut path = String::new();
    for (at, number) in numbers.iter().enumerate().filter(|(_, number)| **number > 0) {
        let height = (number * HEIGHT).div_ceil(most.max(1));
        // Writing to a String can't fail.
        let _ = write!(path, "M{} {HEIGHT}v-{height}h{}v{height}z", at * STEP + 1, STEP - 2);
    }
    path
}

fn table(caption: &'static str, days: &[String], series: &[Series]) -> AnyView {
    let headings =
        series.iter().map(|series| view! { <th scope="col">{series.name}</th> }.into_any()).collect_view();
    let rows = days.iter().enumerate().rev().map(|(at, day)| {
        let number = |series: &Series| series.numbers.get(at).copied().unwrap_or_default();
        let cells = series.iter().map(|series| view! { <td>{format_count(number(series))}</td> }.into_any());
        let cells = cells.collect_view();
        view! {
            <tr>
                <th scope="row">{day.clone()}</th>
                {cells}
            </tr>
        }
        .into_any()
    });
    let rows = rows.collect_view();
    view! {
        <table>
            <caption class="visually-hidden">{caption}</caption>
            <thead>
                <tr>
                    <th scope="col">"Day"</th>
                    {headings}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tallest_bar_fills_the_height_and_one_of_many_is_seen() {
        assert_eq!(bars(&[0, 2, 4], 4), "M11 40v-20h8v20zM21 40v-40h8v40z");
        assert_eq!(bars(&[1], 1_000_000), "M1 40v-1h8v1z");
        assert_eq!(bars(&[0, 0], 0), "");
    }
}
