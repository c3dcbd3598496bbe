#include "dha/nas/report.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace dha::nas {

using Json = nlohmann::ordered_json;

std::string strengths_json(const std::vector<Choice>& choices, const Strengths& strengths, const Decisions& kept) {
  Json list = Json::array();
  for (size_t i = 0; i < choices.size(); ++i) {
    Json names = Json::array(), values = Json::array();
    for (const int64_t position : kept[i]) {
      const Candidate& candidate = choices[i].candidates[static_cast<size_t>(position)];
      names.push_back(candidate.operation + "@" + std::to_string(candidate.input));
    }
    for (const double value : strengths[i]) values.push_back(std::isfinite(value) ? Json(value) : Json(nullptr));
    list.push_back({{"name", choices[i].name}, {"kept", std::move(names)}, {"strengths", std::move(values)}});
  }
  return Json{{"choices", std::move(list)}}.dump();
}

}  // namespace dha::nas
