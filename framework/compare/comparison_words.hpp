// Values of a comparison in words, which its texts and its page share.
#pragma once

#include <string>

#include "compare/comparison.hpp"

namespace dha::compare {

std::string percent(const Spread& shares);          // "83.40 ± 0.31 %", "83.40 %" of one value, "-" of none
std::string runs_in_words(const GroupRow& row);     // "3, 1 diverged"
std::string probability(double p);                  // "0.0312", "< 0.0001"
std::string points(double difference);              // of shares: "+1.25"
std::string interval_in_points(const TTest& test);  // "[-0.50, +3.00]"

}  // namespace dha::compare
