/* energy_claims.c: `photolane energy --claims`: every claim of host/energy/claims beside what is computed now. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/energy.h"
#include "energy/claims.h"

static const char *const files[] = {"lightening", "optical-transformers", "mirage"};

static void print_row(const pl_claim *c) {
  char printed[32] = "-", computed[32] = "-", apart[32] = "-", allowed[32] = "-";
  if (c->printed) snprintf(printed, sizeof printed, "%.8g", c->printed);
  if (isfinite(c->computed)) {
    snprintf(computed, sizeof computed, "%.7g", c->computed);
    snprintf(apart, sizeof apart, "%+.3f %%", (c->computed / c->printed - 1) * 100);
    if (c->at_least || c->at_most) snprintf(allowed, sizeof allowed, c->at_least ? "more" : "less");
    else snprintf(allowed, sizeof allowed, "%g %%", c->tolerance_percent);
  }
  printf("  %-76s %10s %12s %-6s %10s %7s  %s\n", c->says, printed, computed, c->unit, apart, allowed,
         c->holds ? pl_verdict_names[c->verdict] : "FAILS");
  if (*c->why) printf("      %s\n", c->why);
}

static void print_csv(const pl_claim *c) {
  printf("%s,\"%s\",%.10g,%.10g,%s,%s,%s,\"%s\"\n", c->paper, c->says, c->printed, c->computed, c->unit,
         pl_verdict_names[c->verdict],
         c->verdict == PL_CLAIM_NOT ? ""
         : c->holds                 ? "holds"
                                    : "FAILS",
         c->why);
}

static cJSON *claim_json(const pl_claim *c) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "paper", c->paper);
  cJSON_AddStringToObject(json, "says", c->says);
  cJSON_AddItemToObject(json, "printed", energy_number(c->printed ? c->printed : NAN));
  cJSON_AddItemToObject(json, "computed", energy_number(c->computed));
  cJSON_AddStringToObject(json, "unit", c->unit);
  cJSON_AddStringToObject(json, "verdict", pl_verdict_names[c->verdict]);
  cJSON_AddBoolToObject(json, "holds", c->holds);
  cJSON_AddStringToObject(json, "why", c->why);
  return json;
}

int energy_claims(const energy_job *j) {
  pl_claims claims = {0};
  pl_error err;
  int code = CLI_OK, of_verdict[3] = {0}, fail = 0;
  for (size_t i = 0; i < sizeof files / sizeof *files && !code; i++)
    if (pl_claims_load(files[i], &claims, &err)) code = cli_fail(&err);
  cJSON *json = j->json ? cJSON_CreateObject() : NULL, *list = json ? cJSON_AddArrayToObject(json, "claims") : NULL;
  if (!code && j->csv) puts("paper,claim,printed,computed,unit,verdict,holds,why");
  for (int i = 0; i < claims.count && !code; i++) {
    pl_claim *c = &claims.claim[i];
    if (pl_claim_compute(c, &err)) {
      code = cli_fail(&err);
      break;
    }
    of_verdict[c->verdict]++;
    fail += !c->holds;
    if (j->json) cJSON_AddItemToArray(list, claim_json(c));
    else if (j->csv) print_csv(c);
    else {
      if (!i || strcmp(c->paper, claims.claim[i - 1].paper))
        printf("%s%s\n  %-76s %10s %12s %-6s %10s %7s\n", i ? "\n" : "", c->paper, "", "printed", "computed", "",
               "apart", "allowed");
      print_row(c);
    }
  }
  if (!code && j->json) code = cli_print_json(json);
  if (!code && !j->json && !j->csv)
    printf("\n%d claims: %d reproduced, %d only with fitted values, %d not reproducible; %d fail\n", claims.count,
           of_verdict[PL_CLAIM_REPRODUCED], of_verdict[PL_CLAIM_FITTED], of_verdict[PL_CLAIM_NOT], fail);
  cJSON_Delete(json);
  pl_claims_free(&claims);
  return code ? code : fail ? CLI_FAILED : CLI_OK;
}
