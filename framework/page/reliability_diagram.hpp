// How often predictions are right against how probable the network says they are, as an SVG.
#pragma once

#include <string>

#include "page/statistics.hpp"

namespace dha::page {

// A <figure>: one bar per bin up to its accuracy, a dash at its mean probability, and the diagonal of a calibrated
// network; below it the share of the images in each bin.
std::string draw(const Calibration& calibration);

}  // namespace dha::page
