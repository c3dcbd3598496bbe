#include "tables/table.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>

namespace dha::test {

namespace {

template <class Number>
Number next(std::ifstream& file) {
  Number number;
  file.read(reinterpret_cast<char*>(&number), sizeof number);
  return number;
}

}  // namespace

Table::Table(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const auto axes = next<int32_t>(file);
  const auto seeds = next<int32_t>(file);
  size_t rows = 1;
  for (int32_t i = 0; file && i < axes; ++i) {
    const auto size = next<int32_t>(file);
    axes_.push_back({size, next<int32_t>(file) != 0});
    rows *= static_cast<size_t>(size);
  }
  for (size_t row = 0; file && row < rows; ++row) {
    results_.emplace_back();
    for (int32_t seed = 0; seed < seeds; ++seed)
      if (const auto result = next<float>(file); !std::isnan(result)) results_.back().push_back(result);
  }
  if (!file || file.peek() != std::ifstream::traits_type::eof())
    throw std::runtime_error(path.string() + " is no table of convert.py");
}

size_t Table::row(const std::vector<int64_t>& point) const {
  size_t row = 0;
  for (size_t i = 0; i < axes_.size(); ++i)
    row = row * static_cast<size_t>(axes_[i].size) + static_cast<size_t>(point.at(i));
  return row;
}

double Table::mean(size_t row) const {
  const std::vector<double>& all = results(row);
  return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
}

double Table::best_mean() const {
  double best = mean(0);
  for (size_t row = 1; row < size(); ++row) best = std::max(best, mean(row));
  return best;
}

}  // namespace dha::test
