// The test images that the network misjudges with the highest probabilities.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "page/html.hpp"
#include "page/png_text.hpp"
#include "page/sections.hpp"
#include "report/picture_files.hpp"

namespace dha::page {

namespace {

// In the order in which the run laid out their images.
std::vector<ImagePrediction> most_confident_mistakes(const RunRecord& record) {
  std::vector<ImagePrediction> mistakes;
  for (const ImagePrediction& one : record.predictions_of("test"))
    if (one.truth != one.predicted && !std::isnan(one.probability)) mistakes.push_back(one);
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const ImagePrediction& a, const ImagePrediction& b) { return a.probability > b.probability; });
  mistakes.resize(std::min<size_t>(kKeptMistakes, mistakes.size()));
  return mistakes;
}

std::string tile(const RunRecord& record, const ImagePrediction& one, size_t place, const PngSize& size) {
  const auto name = [&](int64_t label) { return escaped(isolated(record.class_names[static_cast<size_t>(label)])); };
  return fmt::format(
      "<figure title=\"{}\"><svg viewBox=\"{} 0 {} {}\" role=\"img\"><use href=\"#mistake-images\"/></svg>"
      "<figcaption><b>{}</b><br/>taken for {}<br/>{}</figcaption></figure>\n",
      escaped(one.image), place * size.width, size.width, size.height, name(one.truth), name(one.predicted),
      percent(one.probability));
}

}  // namespace

Section mistakes_section(const RunRecord& record) {
  Section section{"mistakes", "Most confident mistakes", ""};
  const std::vector<ImagePrediction> mistakes = most_confident_mistakes(record);
  PngSize size = png_size(record.mistakes_png);
  if (mistakes.empty() || size.width == 0 || size.width % mistakes.size() != 0) return section;
  const uint32_t sheet_width = size.width;
  size.width /= static_cast<uint32_t>(mistakes.size());
  section.content = fmt::format(
      "<svg class=\"store\" width=\"0\" height=\"0\"><defs><image id=\"mistake-images\" width=\"{}\" height=\"{}\" "
      "href=\"{}\"/></defs></svg>\n<div class=\"tiles\">\n",
      sheet_width, size.height, png_address(record.mistakes_png));
  for (size_t i = 0; i < mistakes.size(); ++i) section.content += tile(record, mistakes[i], i, size);
  section.content +=
      "</div>\n<p class=\"note\">True class in bold, and the probability of the class that the network "
      "chose. Wrong labels of the data set tend to be among these.</p>\n";
  return section;
}

}  // namespace dha::page
