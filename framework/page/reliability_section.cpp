// Whether the network's probabilities can be believed.
#include <fmt/format.h>

#include <cmath>

#include "page/html.hpp"
#include "page/reliability_diagram.hpp"
#include "page/sections.hpp"
#include "page/statistics.hpp"

namespace dha::page {

Section reliability_section(const RunRecord& record) {
  Section section{"reliability", "Reliability", ""};
  std::vector<Confidence> confidences;
  double said = 0, right = 0;
  for (const ImagePrediction& one : shown_predictions(record)) {
    if (std::isnan(one.probability)) continue;
    confidences.push_back({one.probability, one.truth == one.predicted});
    said += one.probability;
    right += one.truth == one.predicted;
  }
  if (confidences.empty()) return section;
  const auto images = static_cast<double>(confidences.size());
  const Calibration calibration = calibration_of(confidences);
  section.content = fmt::format(
      "<p>Expected calibration error (ECE, {} bins): <b>{}</b>. On average the network says {} and is right in {} of "
      "the {} images.</p>\n<div class=\"grid\">\n{}</div>\n<p class=\"note\">Bars below the dashed diagonal are "
      "predictions that promise too much, bars above it too little; the dark dash is what the network said on "
      "average.</p>\n",
      calibration.bins.size(), percent(calibration.error, 2), percent(said / images), percent(right / images),
      shown_split(record), draw(calibration));
  return section;
}

}  // namespace dha::page
