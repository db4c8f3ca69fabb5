//! PDFs for people who would rather read on paper: A4, a Japanese font embedded, page numbers, an outline.
//!
//! Pure: what is printed follows from what is handed in, and the same is the same bytes each time: there is no clock and
//! nothing random. `inspection` says what stands in an inspection's PDF; beneath it are a flow of headings, paragraphs,
//! tables and charts over pages (`flow`, `table`, `chart`), lines of text (`lines`, `font`), and the PDF itself (`writing`).

mod chart;
mod dates;
mod flow;
mod font;
mod inspection;
mod lines;
mod mark;
mod table;
mod writing;

pub use inspection::inspection;
pub use writing::PrintError;
