#include "dha/plugin.hpp"
#include "idx/idx_dataset.hpp"

DHA_PLUGIN("idx", "1.0.0", "dha", "Apache-2.0", dha::component<dha::datasets::IdxDataset>("dha.idx"))
