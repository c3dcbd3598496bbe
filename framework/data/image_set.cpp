#include "data/image_set.hpp"

namespace dha {

std::vector<int64_t> ImageSet::labels() const {
  if (empty()) return {};
  const int64_t* all = source_->labels(split_).const_data_ptr<int64_t>();
  std::vector<int64_t> labels;
  labels.reserve(indices_.size());
  for (const int64_t index : indices_) labels.push_back(all[index]);
  return labels;
}

ImageSet ImageSet::subset(const std::vector<int64_t>& positions) const {
  std::vector<int64_t> indices;
  indices.reserve(positions.size());
  for (const int64_t position : positions) indices.push_back(indices_.at(position));
  return ImageSet(*source_, split_, std::move(indices));
}

}  // namespace dha
