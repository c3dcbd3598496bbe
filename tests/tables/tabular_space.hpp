// A search space whose networks are the rows of a table: one choice per axis, one candidate per value. It builds no
// network.
#pragma once

#include <string>
#include <vector>

#include "dha/error.hpp"
#include "dha/space.hpp"
#include "tables/table.hpp"

namespace dha::test {

class TabularSpace : public Space {
 public:
  explicit TabularSpace(const Table& table) : table_(table) {
    for (const Table::Axis& axis : table.axes()) {
      Choice choice{"edge" + std::to_string(choices_.size()), {}, 1, false};
      for (int32_t i = 0; i < axis.size; ++i) choice.candidates.push_back({"op" + std::to_string(i), 0});
      choices_.push_back(std::move(choice));
    }
  }

  void prepare(const DatasetInfo&) override {}
  const std::vector<Choice>& choices() const override { return choices_; }
  std::unique_ptr<Network> lean(const std::string&, const at::TensorOptions&) override {
    throw Error(ErrorCode::kInvalidConfig, "a table has results only; its networks cannot be built");
  }
  Quantities cost(const std::string&) const override { return {}; }

  size_t row(const std::string& architecture) const {
    std::vector<int64_t> point;
    for (const std::vector<int64_t>& kept : decisions(architecture)) point.push_back(kept.front());
    return table_.row(point);
  }

 private:
  const Table& table_;
  std::vector<Choice> choices_;
};

}  // namespace dha::test
