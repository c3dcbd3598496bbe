// What the augmenters make of training images, before the first step and at the end.
#include <fmt/format.h>

#include "page/html.hpp"
#include "page/png_text.hpp"
#include "page/sections.hpp"

namespace dha::page {

namespace {

std::string picture(const std::string& title, const std::string& png) {
  const PngSize size = png_size(png);
  if (size.width == 0) return "";
  return figure(title,
                fmt::format("<svg class=\"pixels\" viewBox=\"0 0 {0} {1}\" style=\"max-width:{2}px\" role=\"img\" "
                            "aria-label=\"{3}\"><image width=\"{0}\" height=\"{1}\" href=\"{4}\"/></svg>\n",
                            size.width, size.height, 2 * size.width, escaped(title), png_address(png)));
}

}  // namespace

Section augmented_section(const RunRecord& record) {
  std::string html =
      picture("Before the first step", record.early_augmented_png) + picture("At the end", record.late_augmented_png);
  if (!html.empty())
    html =
        "<div class=\"grid\">\n" + html +
        "</div>\n<p class=\"note\">First row: training images as they are; other rows: the same images as a step sees "
        "them, each drawn anew.</p>\n";
  return {"augmented", "Augmented images", html};
}

}  // namespace dha::page
