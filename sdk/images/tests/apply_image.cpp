// Applies image operations for a test in another language: requests on the standard input, pixels on the standard
// output.
//
// A request is one line "SCALE OPERATION LEVEL SIGN RESAMPLING CENTRE_X CENTRE_Y RED GREEN BLUE CHANNELS HEIGHT
// WIDTH", then the
// image's bytes, a plane after another; the answer is as many bytes.
#include <array>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "dha/images/level_scale.hpp"
#include "dha/images/pixels.hpp"

namespace {

using namespace dha;
using namespace dha::images;

LevelScale scale_of(const std::string& name) {
  if (name == "pba") return LevelScale::kPba;
  return name == "paper" ? LevelScale::kPaper : LevelScale::kStrength;
}

// False where the line is not a request.
bool parse(const std::string& line, OperationCall& call, ImageShape& shape) {
  std::istringstream fields(line);
  std::string scale, operation, resampling;
  double level = 0;
  int sign = 0;
  std::array<int, 3> fill{};
  fields >> scale >> operation >> level >> sign >> resampling >> call.centre_x >> call.centre_y >> fill[0] >> fill[1] >>
      fill[2] >> shape.channels >> shape.height >> shape.width;
  const auto found = find_operation(operation);
  if (!fields || !found || (shape.channels != 1 && shape.channels != 3) || shape.height < 1 || shape.width < 1)
    return false;
  call.operation = *found;
  call.value = operation_value(*found, level, sign, scale_of(scale));
  call.resampling = resampling == "bilinear" ? Resampling::kBilinear : Resampling::kBicubic;
  for (size_t channel = 0; channel < 3; ++channel) call.fill[channel] = static_cast<uint8_t>(fill[channel]);
  return true;
}

}  // namespace

int main() {
  Workspace workspace;
  std::vector<char> source, target;
  for (std::string line; std::getline(std::cin, line);) {
    OperationCall call;
    ImageShape shape;
    if (!parse(line, call, shape)) {
      std::cerr << "not a request: " << line << '\n';
      return 1;
    }
    source.resize(static_cast<size_t>(shape.size()));
    target.resize(source.size());
    if (!std::cin.read(source.data(), shape.size())) return 1;
    apply_operation(call, shape, reinterpret_cast<const uint8_t*>(source.data()),
                    reinterpret_cast<uint8_t*>(target.data()), workspace);
    std::cout.write(target.data(), shape.size()).flush();
  }
  return 0;
}
