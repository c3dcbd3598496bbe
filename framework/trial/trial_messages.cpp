#include "trial/trial_messages.hpp"

#include <nlohmann/json.hpp>

#include "trial/trial_json.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

bool ends_the_run(ErrorCode code) {
  return code == ErrorCode::kCancelled || code == ErrorCode::kIo || code == ErrorCode::kData ||
         code == ErrorCode::kLoadFailed || code == ErrorCode::kDevice;
}

std::string epoch_message(const EpochOutcome& epoch) { return Json{{"epoch", to_json(epoch)}}.dump(); }

std::string error_message(const Error& error) {
  return Json{{"error", error.what()}, {"code", static_cast<int>(error.code())}}.dump(-1, ' ', false,
                                                                                      Json::error_handler_t::replace);
}

TrialMessage parse_trial_message(std::string_view line) {
  try {
    const Json json = Json::parse(line);
    TrialMessage message;
    if (json.contains("epoch")) {
      message.epoch = epoch_outcome_from_json(json.at("epoch"));
    } else {
      const auto code = static_cast<ErrorCode>(json.at("code").get<int>());
      message.error.emplace(code, json.at("error").get<std::string>());
      message.ends_the_run = ends_the_run(code);
    }
    return message;
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kInternal, std::string("a trial sent an invalid message: ") + error.what());
  }
}

}  // namespace dha
