#include "report/confusion.hpp"

#include <limits>

namespace dha {

namespace {

double share(int64_t part, int64_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Confusion::Confusion(int64_t classes)
    : classes_(classes),
      counts_(static_cast<size_t>(classes * classes)),
      images_of_(static_cast<size_t>(classes)),
      predictions_of_(static_cast<size_t>(classes)) {}

void Confusion::add(int64_t truth, int64_t predicted) {
  ++counts_[index(truth, predicted)];
  ++images_of_[static_cast<size_t>(truth)];
  ++predictions_of_[static_cast<size_t>(predicted)];
  ++images_;
  correct_ += truth == predicted;
}

double Confusion::recall(int64_t one) const { return share(count(one, one), images_of(one)); }

double Confusion::precision(int64_t one) const { return share(count(one, one), predictions_of(one)); }

double Confusion::f1(int64_t one) const { return share(2 * count(one, one), images_of(one) + predictions_of(one)); }

}  // namespace dha
