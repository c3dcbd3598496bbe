// Counts of images by true and predicted class, and the shares that follow from them.
#pragma once

#include <cstdint>
#include <vector>

namespace dha {

class Confusion {
 public:
  explicit Confusion(int64_t classes);

  // Both in [0, classes).
  void add(int64_t truth, int64_t predicted);

  int64_t classes() const { return classes_; }
  int64_t count(int64_t truth, int64_t predicted) const { return counts_[index(truth, predicted)]; }
  int64_t images() const { return images_; }
  int64_t correct() const { return correct_; }
  int64_t images_of(int64_t truth) const { return images_of_[static_cast<size_t>(truth)]; }
  int64_t predictions_of(int64_t predicted) const { return predictions_of_[static_cast<size_t>(predicted)]; }

  // In [0, 1]: correct ones of the images of a class, of the predictions of a class, and the harmonic mean of both.
  // NaN where there is no such image or prediction; f1() is NaN only where there is neither.
  double recall(int64_t one) const;
  double precision(int64_t one) const;
  double f1(int64_t one) const;

 private:
  size_t index(int64_t truth, int64_t predicted) const { return static_cast<size_t>(truth * classes_ + predicted); }

  int64_t classes_, images_ = 0, correct_ = 0;
  std::vector<int64_t> counts_, images_of_, predictions_of_;
};

}  // namespace dha
