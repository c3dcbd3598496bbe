// A published table: the measured results of every point of a grid, by several seeds each. convert.py writes the files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace dha::test {

class Table {
 public:
  // Throws std::runtime_error if the file cannot be read or has another size than its header says.
  explicit Table(const std::filesystem::path& file);

  struct Axis {
    int32_t size = 0;
    bool is_categorical = false;  // else its values have an order
  };
  const std::vector<Axis>& axes() const { return axes_; }

  size_t size() const { return results_.size(); }

  // The row of a point: one position per axis.
  size_t row(const std::vector<int64_t>& point) const;

  // The results of a row by seed; greater ones are better.
  const std::vector<double>& results(size_t row) const { return results_.at(row); }
  double mean(size_t row) const;
  double best_mean() const;

 private:
  std::vector<Axis> axes_;
  std::vector<std::vector<double>> results_;
};

}  // namespace dha::test
