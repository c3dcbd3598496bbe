#include "dha/nas/allowed_architecture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"

namespace dha::nas {

using Json = nlohmann::ordered_json;

namespace {

constexpr int64_t kMostForbidden = 1000;

// Of each violated constraint how often it failed, and the value that came closest to its limit.
class Violations {
 public:
  // Returns whether all constraints hold.
  bool check(const std::vector<Margin>& margins) {
    bool holds = true;
    for (const Margin& margin : margins) {
      if (margin.satisfied) continue;
      holds = false;
      auto& [count, closest] = of_[margin.quantity];
      if (count++ == 0 || std::fabs(margin.value - margin.limit) < std::fabs(closest.value - closest.limit))
        closest = margin;
    }
    return holds;
  }

  // Of the constraint that failed most often.
  std::string message() const {
    const std::pair<int64_t, Margin>* worst = nullptr;
    for (const auto& [quantity, found] : of_)
      if (worst == nullptr || found.first > worst->first) worst = &found;
    return "none of " + std::to_string(kMostForbidden) + " random architectures satisfies the stage's constraint on '" +
           worst->second.quantity + "': the closest has " + Json(worst->second.value).dump() + ", the limit is " +
           Json(worst->second.limit).dump() + "; loosen 'constraints', or give the space parameters that fit them";
  }

 private:
  std::map<std::string, std::pair<int64_t, Margin>> of_;
};

}  // namespace

std::string draw_allowed(const Stage& stage, const std::function<std::string()>& draw) {
  Violations violations;
  for (int64_t i = 0; i < kMostForbidden; ++i) {
    std::string architecture = draw();
    if (violations.check(stage.margins(architecture))) return architecture;
  }
  throw Error(ErrorCode::kInvalidConfig, violations.message());
}

double violation(const Stage& stage, const std::string& architecture) {
  double sum = 0;
  for (const Margin& margin : stage.margins(architecture)) {
    if (margin.satisfied) continue;
    const double scale = margin.limit == 0 ? 1 : std::fabs(margin.limit);
    // A strict limit may be violated by an equal value.
    sum += std::max(std::fabs(margin.value - margin.limit) / scale, std::numeric_limits<double>::min());
  }
  return sum;
}

}  // namespace dha::nas
